/* futex_waitv waits for the first of many words, and tells which; any wake of
 * one of them ends it: of futex(2), of the calls that came after, and by a
 * requeue. What is wrong in its arguments is refused as by the kernel. */
#include "asleep.h"
#include "futex2.h"

enum { MANY = 100 };
static _Atomic uint32_t words[MANY], other;
static struct gate gate;

static void *waits_for_many(void *arg)
{
    struct waitv v[MANY];
    for (int i = 0; i < MANY; i++)
        v[i] = waitv(&words[i], 0);
    enter(&gate);
    return (void *)futex_waitv(v, (long)arg, NULL);
}

static pthread_t start(long n)
{
    gate_open(&gate, "futex");
    pthread_t t = spawn(waits_for_many, (void *)n);
    until_asleep(&gate, 1);
    return t;
}

static void wakes(void)
{
    pthread_t t = start(2);
    CHECK_EQ(futex(&words[1], FUTEX_WAKE, 9, NULL), 1);
    CHECK_EQ((long)join(t), 1);
    t = start(MANY);
    CHECK_EQ(futex_wake2(&words[70], 9), 1);
    CHECK_EQ((long)join(t), 70);
    CHECK_EQ(futex(&words[0], FUTEX_WAKE, 9, NULL), 0);
    t = start(3);
    CHECK_EQ(syscall(SYS_futex, &words[2], FUTEX_CMP_REQUEUE_PRIVATE, 0, 5L, &other, 0), 1);
    CHECK_EQ(futex(&words[2], FUTEX_WAKE, 9, NULL), 0);
    CHECK_EQ(futex(&other, FUTEX_WAKE, 9, NULL), 1);
    CHECK_EQ((long)join(t), 2);
    t = start(3);
    struct waitv from_to[] = {waitv(&words[0], 0), waitv(&other, 0)};
    CHECK_EQ(syscall(SYS_FUTEX_REQUEUE, from_to, 0, 1, 5), 1);
    CHECK_EQ((long)join(t), 0);
    OK("woken by each kind of wake, and told which");
}

static void *refusals(void *arg)
{
    struct waitv v[] = {waitv(&words[0], 0), waitv(&words[1], 0)};
    struct timespec soon = in_ms(CLOCK_MONOTONIC, 5), bad = {0, -1};
    CHECK_ERRNO(futex_waitv(v, 2, &soon), ETIMEDOUT);
    CHECK_ERRNO(futex_waitv(v, 2, &bad), EINVAL);
    CHECK_ERRNO(futex_waitv(v, 0, NULL), EINVAL);
    CHECK_ERRNO(futex_waitv(v, 129, NULL), EINVAL);
    CHECK_ERRNO(futex_waitv(NULL, 1, NULL), EINVAL);
    v[1].val = 1;
    CHECK_ERRNO(futex_waitv(v, 2, NULL), EAGAIN);
    v[1] = waitv((void *)16, 0);
    CHECK_ERRNO(futex_waitv(v, 2, NULL), EFAULT);
    v[1] = waitv((char *)words + 2, 0);
    CHECK_ERRNO(futex_waitv(v, 2, NULL), EINVAL);
    v[1] = waitv(words, 0);
    v[1].flags = 0;
    CHECK_ERRNO(futex_waitv(v, 2, NULL), EINVAL);
    OK("refused as by the kernel");
    return arg;
}

int main(void)
{
    SAFETY_NET();
    wakes();
    join(spawn(refusals, NULL));
    must_have_parked("futex", 5);
    return 0;
}
