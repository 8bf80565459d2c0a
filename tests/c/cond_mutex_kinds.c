/* Waiting with a recursive mutex gives it up and has it back; waiting with a
 * robust mutex whose owner died meanwhile returns EOWNERDEAD. */
#include "thread.h"

static pthread_mutex_t m = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP, robust;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int ready, waiting;

static void *waits_recursive(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    waiting = 1;
    while (!ready)
        CHECK_EQ(pthread_cond_wait(&c, &m), 0);
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), EPERM);
    return arg;
}

static void *waits_robust(void *arg)
{
    int r;
    CHECK_EQ(pthread_mutex_lock(&robust), 0);
    waiting = 1;
    while ((r = pthread_cond_wait(&c, &robust)) == 0 && !ready)
        ;
    CHECK_EQ(r, EOWNERDEAD);
    CHECK_EQ(pthread_mutex_consistent(&robust), 0);
    CHECK_EQ(pthread_mutex_unlock(&robust), 0);
    return arg;
}

static void *dies_with_it(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&robust), 0);
    ready = 1;
    CHECK_EQ(pthread_cond_signal(&c), 0);
    return arg;
}

static void until_waiting(pthread_mutex_t *mutex)
{
    for (int w = 0; !w; sched_yield()) {
        CHECK_EQ(pthread_mutex_lock(mutex), 0);
        w = waiting;
        CHECK_EQ(pthread_mutex_unlock(mutex), 0);
    }
    waiting = 0;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t = spawn(waits_recursive, NULL);
    until_waiting(&m);
    until_parked("cond", 1);
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    ready = 1;
    CHECK_EQ(pthread_cond_signal(&c), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    join(t);
    OK("recursive");

    pthread_mutexattr_t a;
    CHECK_EQ(pthread_mutexattr_init(&a), 0);
    CHECK_EQ(pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST), 0);
    CHECK_EQ(pthread_mutex_init(&robust, &a), 0);
    ready = 0;
    t = spawn(waits_robust, NULL);
    until_waiting(&robust);
    join(spawn(dies_with_it, NULL));
    join(t);
    OK("robust, its owner dead");
    most_parked("cond", 2);
    return 0;
}
