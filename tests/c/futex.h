/* The futex system call as programs make it: through syscall(), with errno. */
#ifndef FUTEX_H
#define FUTEX_H

#include "thread.h"
#include <linux/futex.h>
#include <sys/syscall.h>

/* Every op in these programs is private unless it says otherwise. */
static inline long futex(_Atomic uint32_t *word, int op, uint32_t value,
                         const struct timespec *timeout)
{
    return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, timeout, NULL, 0);
}

static inline long futex_bitset(_Atomic uint32_t *word, int op, uint32_t value,
                                const struct timespec *timeout, uint32_t bits)
{
    return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, timeout, NULL, bits);
}

/* Waits until the word is no longer `value`; wake-ups may be spurious. */
static inline void futex_wait_while(_Atomic uint32_t *word, uint32_t value)
{
    while (*word == value)
        CHECK(futex(word, FUTEX_WAIT, value, NULL) == 0 || errno == EAGAIN ||
              errno == EINTR);
}

#endif
