/* The scheduling class and the nice value of another thread, by its handle and
 * by its id, are set at once, and are that thread's alone. */
#include "thread.h"
#include <sched.h>
#include <sys/resource.h>

enum { NICE = 5 };

struct other {
    atomic_int tid, stop, policy, nice;
};

static void *waits(void *arg)
{
    struct other *me = arg;
    me->tid = gettid();
    while (!me->stop)
        sleep_ms(2);
    me->policy = sched_getscheduler(0);
    me->nice = getpriority(PRIO_PROCESS, 0);
    return arg;
}

static pthread_t begin(struct other *other)
{
    memset(other, 0, sizeof *other);
    pthread_t thread = spawn(waits, other);
    while (!other->tid)
        sleep_ms(1);
    return thread;
}

static void end(pthread_t thread, struct other *other, int policy, int nice)
{
    other->stop = 1;
    join(thread);
    CHECK_EQ(other->policy, policy);
    CHECK_EQ(other->nice, nice);
}

int main(void)
{
    SAFETY_NET();
    struct other a, b;
    struct sched_param none = {0}, got;
    int policy;

    pthread_t t = begin(&a), u = begin(&b);
    CHECK_EQ(pthread_setschedparam(t, SCHED_BATCH, &none), 0);
    CHECK_EQ(pthread_getschedparam(t, &policy, &got), 0);
    CHECK_EQ(policy, SCHED_BATCH);
    CHECK_EQ(sched_getscheduler(a.tid), SCHED_BATCH);
    CHECK_EQ(sched_getscheduler(b.tid), SCHED_OTHER);
    end(t, &a, SCHED_BATCH, 0);
    OK("a class by the handle");

    t = begin(&a);
    CHECK_EQ(sched_setscheduler(a.tid, SCHED_IDLE, &none), 0);
    CHECK_EQ(sched_getscheduler(a.tid), SCHED_IDLE);
    CHECK_EQ(pthread_setschedprio(t, 0), 0);
    CHECK_EQ(sched_setparam(a.tid, &none), 0);
    CHECK_EQ(pthread_setschedprio(t, 7), EINVAL);
    end(t, &a, SCHED_IDLE, 0);
    OK("a class by the id");

    t = begin(&a);
    CHECK_EQ(setpriority(PRIO_PROCESS, a.tid, NICE), 0);
    CHECK_EQ(getpriority(PRIO_PROCESS, a.tid), NICE);
    CHECK_EQ(getpriority(PRIO_PROCESS, b.tid), 0);
    CHECK_EQ(getpriority(PRIO_PROCESS, 0), 0);
    end(t, &a, SCHED_OTHER, NICE);
    OK("a nice value by the id");

    CHECK_ERRNO(sched_setscheduler(a.tid, SCHED_BATCH, &none), ESRCH);
    CHECK_ERRNO(setpriority(PRIO_PROCESS, a.tid, NICE), ESRCH);
    OK("ESRCH for one that has ended");

    t = begin(&a);
    struct sched_param first = {.sched_priority = 1};
    int error = pthread_setschedparam(t, SCHED_FIFO, &first);
    CHECK(error == 0 || error == EPERM);
    CHECK_EQ(sched_getscheduler(a.tid), error ? SCHED_OTHER : SCHED_FIFO);
    end(t, &a, error ? SCHED_OTHER : SCHED_FIFO, 0);
    OK("a real-time class, where it is allowed");

    end(u, &b, SCHED_OTHER, 0);
    CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
    t = begin(&a);
    end(t, &a, SCHED_OTHER, 0);
    OK("the others are as they were");
    return 0;
}
