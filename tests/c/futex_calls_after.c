/* futex_wait, futex_wake and futex_requeue, each a call of its own, share their
 * waiters with futex(2), and heed the bits of a mask. */
#include "asleep.h"
#include "futex2.h"

static _Atomic uint32_t here, there;
static struct gate gate;

static void *waits(void *by)
{
    long (*call)(void) = (long (*)(void))by;
    enter(&gate);
    return (void *)call();
}

static long by_futex(void) { return futex(&here, FUTEX_WAIT, 0, NULL); }
static long by_futex_wait(void) { return futex_wait2(&here, 0, NULL); }
static long by_second_bit(void)
{
    return syscall(SYS_FUTEX_WAIT, &here, 0L, 2L, OF_32_BITS | PRIVATE, NULL, CLOCK_MONOTONIC);
}

static pthread_t start(long (*by)(void))
{
    gate_open(&gate, "futex");
    pthread_t t = spawn(waits, (void *)by);
    until_asleep(&gate, 1);
    return t;
}

static void *refusals(void *arg)
{
    struct timespec soon = in_ms(CLOCK_MONOTONIC, 5);
    struct waitv from_to[] = {waitv(&here, 1), waitv(&there, 0)};
    CHECK_ERRNO(futex_wait2(&here, 0, &soon), ETIMEDOUT);
    CHECK_ERRNO(futex_wait2(&here, 1, NULL), EAGAIN);
    CHECK_ERRNO(futex_wait2((void *)16, 1, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_FUTEX_WAIT, &here, 0L, 0L, OF_32_BITS | PRIVATE, NULL, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_FUTEX_WAKE, &here, 0L, 1, OF_32_BITS | PRIVATE), EINVAL);
    CHECK_ERRNO(syscall(SYS_FUTEX_REQUEUE, from_to, 0, 1, 1), EAGAIN);
    CHECK_ERRNO(syscall(SYS_FUTEX_REQUEUE, from_to, 1, 1, 1), EINVAL);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t = start(by_futex);
    CHECK_EQ(futex_wake2(&here, 0), 0);
    CHECK_EQ(futex_wake2(&here, 5), 1);
    CHECK_EQ((long)join(t), 0);
    t = start(by_futex_wait);
    CHECK_EQ(futex(&here, FUTEX_WAKE, 5, NULL), 1);
    CHECK_EQ((long)join(t), 0);
    OK("one wakes who waits by the other");

    t = start(by_second_bit);
    CHECK_EQ(syscall(SYS_FUTEX_WAKE, &here, 1L, 5, OF_32_BITS | PRIVATE), 0);
    CHECK_EQ(syscall(SYS_FUTEX_WAKE, &here, 6L, 5, OF_32_BITS | PRIVATE), 1);
    CHECK_EQ((long)join(t), 0);
    OK("the mask is heeded");

    struct waitv from_to[] = {waitv(&here, 0), waitv(&there, 0)};
    t = start(by_futex);
    CHECK_EQ(syscall(SYS_FUTEX_REQUEUE, from_to, 0, 0, 5), 1);
    CHECK_EQ(futex_wake2(&here, 5), 0);
    CHECK_EQ(futex_wake2(&there, 5), 1);
    CHECK_EQ((long)join(t), 0);
    OK("moved, and woken there");

    join(spawn(refusals, NULL));
    OK("refused as by the kernel");
    must_have_parked("futex", 4);
    return 0;
}
