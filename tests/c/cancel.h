/* What the programs about cancellation share: a net that says in which case a
 * program hung, and threads that are cancelled in a known state. */
#ifndef CANCEL_H
#define CANCEL_H

#include "util.h"
#include <sys/syscall.h>

static const char *volatile cancel_case = "?";

static void cancel_hung(int signum)
{
    (void)signum;
    dprintf(2, "hangs in: %s\n", cancel_case);
    _exit(2);
}

/* Every program ends by itself, and says where it hung. */
static inline void cancel_net(void)
{
    signal(SIGALRM, cancel_hung);
    alarm(25);
}

static inline void cancel_at(const char *what) { cancel_case = what; }

#endif
