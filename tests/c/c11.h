/* What the programs about C11 threads share. */
#ifndef C11_H
#define C11_H

#include "thread.h"
#include <limits.h>
#include <threads.h>

static inline thrd_t begin(thrd_start_t start, void *arg)
{
    thrd_t t;
    CHECK_EQ(thrd_create(&t, start, arg), thrd_success);
    return t;
}

static inline int end(thrd_t t)
{
    int result;
    CHECK_EQ(thrd_join(t, &result), thrd_success);
    return result;
}

/* Asserts that, under the library, `n` threads at least have been coroutines. */
static inline void must_be_coroutines(unsigned long n)
{
    if (preloaded())
        CHECK(iopatch_counter("coroutines") >= n);
}

/* `ms` milliseconds from now, as timespec_get() counts. */
static inline struct timespec utc_in_ms(long ms)
{
    struct timespec ts;
    CHECK_EQ(timespec_get(&ts, TIME_UTC), TIME_UTC);
    ts.tv_nsec += ms * 1000000L;
    ts.tv_sec += ts.tv_nsec / 1000000000L;
    ts.tv_nsec %= 1000000000L;
    return ts;
}

#endif
