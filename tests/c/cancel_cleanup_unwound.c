/* Cleanup handlers, with -fexceptions: the unwinder's kind. */
/* cflags: -fexceptions */
#include "cancel_cleanup.h"
