/* Cleanup handlers, without -fexceptions: setjmp's kind. */
/* cflags: -fno-exceptions */
#include "cancel_cleanup.h"
