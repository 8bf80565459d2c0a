/* The futex calls that came after futex(2), as programs make them. */
#ifndef FUTEX2_H
#define FUTEX2_H

#include "futex.h"

#define SYS_FUTEX_WAITV 449
#define SYS_FUTEX_WAKE 454
#define SYS_FUTEX_WAIT 455
#define SYS_FUTEX_REQUEUE 456

/* A word of 32 bits, private to the process. */
enum { OF_32_BITS = 2, PRIVATE = 128 };

struct waitv {
    uint64_t val, address;
    uint32_t flags, reserved;
};

static inline struct waitv waitv(void *word, uint32_t value)
{
    return (struct waitv){value, (uintptr_t)word, OF_32_BITS | PRIVATE, 0};
}

static inline long futex_waitv(struct waitv *words, long n, const struct timespec *at)
{
    return syscall(SYS_FUTEX_WAITV, words, n, 0, at, CLOCK_MONOTONIC);
}

static inline long futex_wake2(_Atomic uint32_t *word, int n)
{
    return syscall(SYS_FUTEX_WAKE, word, 0xffffffffL, n, OF_32_BITS | PRIVATE);
}

static inline long futex_wait2(_Atomic uint32_t *word, uint32_t value, const struct timespec *at)
{
    return syscall(SYS_FUTEX_WAIT, word, (long)value, 0xffffffffL, OF_32_BITS | PRIVATE, at,
                   CLOCK_MONOTONIC);
}

#endif
