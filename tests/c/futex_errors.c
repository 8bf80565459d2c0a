/* What the futex call refuses, in main and in threads: EAGAIN for another
 * value, EINVAL, EFAULT, ENOSYS, ETIMEDOUT at once for a time-out of nothing. */
#include "futex.h"

static void *refused(void *arg)
{
    static _Atomic uint32_t words[2];
    _Atomic uint32_t *word = words;
    struct timespec none = {0, 0}, bad = {0, 1000000000}, negative = {-1, 0};
    CHECK_ERRNO(futex(word, FUTEX_WAIT, 1, NULL), EAGAIN);
    CHECK_ERRNO(futex(word, FUTEX_WAIT, 1, &none), EAGAIN);
    CHECK_ERRNO(futex(word, FUTEX_WAIT, 0, &none), ETIMEDOUT);
    CHECK_ERRNO(futex(word, FUTEX_WAIT, 0, &bad), EINVAL);
    CHECK_ERRNO(futex(word, FUTEX_WAIT, 0, &negative), EINVAL);
    CHECK_ERRNO(futex_bitset(word, FUTEX_WAIT_BITSET, 0, &none, 1), ETIMEDOUT);
    CHECK_ERRNO(futex_bitset(word, FUTEX_WAIT_BITSET, 0, NULL, 0), EINVAL);
    CHECK_ERRNO(futex_bitset(word, FUTEX_WAKE_BITSET, 1, NULL, 0), EINVAL);
    CHECK_ERRNO(futex((void *)((char *)word + 1), FUTEX_WAIT, 0, NULL), EINVAL);
    CHECK_ERRNO(futex((void *)((char *)word + 2), FUTEX_WAKE, 1, NULL), EINVAL);
    CHECK_ERRNO(futex(NULL, FUTEX_WAIT, 0, NULL), EFAULT);
    CHECK_ERRNO(futex(word, 99, 0, NULL), ENOSYS);
    CHECK_ERRNO(syscall(SYS_futex, word, FUTEX_CMP_REQUEUE_PRIVATE, 1, 1L, words + 1, 5),
                EAGAIN);
    CHECK_EQ(syscall(SYS_futex, word, FUTEX_CMP_REQUEUE_PRIVATE, 1, 1L, words + 1, 0), 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    refused(NULL);
    OK("in main");
    join(spawn(refused, NULL));
    OK("in a thread");
    return 0;
}
