/* Priority-inheriting mutexes exclude, time out, refuse and recurse as the
 * others do, robust ones tell of a dead owner; the kernel knows their owner,
 * so a thread that waits with one held must stay its owner. */
#include "thread.h"

enum { THREADS = 10, ROUNDS = 200 };
static pthread_mutex_t m;
static long count;

static void init(int type, int robust)
{
    pthread_mutexattr_t a;
    CHECK_EQ(pthread_mutexattr_init(&a), 0);
    CHECK_EQ(pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT), 0);
    CHECK_EQ(pthread_mutexattr_settype(&a, type), 0);
    CHECK_EQ(pthread_mutexattr_setrobust(&a, robust), 0);
    CHECK_EQ(pthread_mutex_init(&m, &a), 0);
}

static void *adds(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(pthread_mutex_lock(&m), 0);
        long was = count;
        if (i % 100 == 0)
            sleep_ms(1);
        else if (i % 10 == 0)
            sched_yield();
        count = was + 1;
        CHECK_EQ(pthread_mutex_unlock(&m), 0);
    }
    return arg;
}

static void *is_refused(void *arg)
{
    struct timespec soon = in_ms(CLOCK_REALTIME, 10);
    CHECK_EQ(pthread_mutex_trylock(&m), EBUSY);
    CHECK_EQ(pthread_mutex_timedlock(&m, &soon), ETIMEDOUT);
    CHECK_EQ(pthread_mutex_unlock(&m), EPERM);
    return arg;
}

static void *dies_with_it(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    sleep_ms(2);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    init(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(adds, NULL);
    adds(NULL);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("count %ld", count);

    init(PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED);
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    join(spawn(is_refused, NULL));
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    join(spawn(is_refused, NULL));
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    OK("recursive");

    init(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ROBUST);
    join(spawn(dies_with_it, NULL));
    CHECK_EQ(pthread_mutex_lock(&m), EOWNERDEAD);
    CHECK_EQ(pthread_mutex_consistent(&m), 0);
    CHECK_EQ(pthread_mutex_lock(&m), EDEADLK);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    OK("robust");
    return 0;
}
