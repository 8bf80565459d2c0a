/* A timed wait whose time has passed times out, on whatever kind of condition variable, however many others are signalled
 * meanwhile; and a signal to one of two shared variables wakes who waits there and nobody else, the first first. */
#include "thread.h"
#include <stdbool.h>

enum { KINDS = 4, THREADS = 12, WAITERS = 5 };
static atomic_bool over;
static atomic_long waits;

static void init(pthread_cond_t *cond, bool shared, clockid_t clock)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    if (shared)
        pthread_condattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_condattr_setclock(&attr, clock);
    CHECK_EQ(pthread_cond_init(cond, &attr), 0);
}

static void *waits_in_vain(void *arg)
{
    long kind = (long)arg;
    clockid_t clock = kind & 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    struct timespec past;
    clock_gettime(clock, &past);
    pthread_mutex_lock(&mutex);
    while (!over) {
        pthread_cond_t cond;
        init(&cond, kind & 1, clock);
        CHECK_EQ(pthread_cond_timedwait(&cond, &mutex, &past), ETIMEDOUT);
        pthread_cond_signal(&cond);
        pthread_cond_broadcast(&cond);
        pthread_cond_destroy(&cond);
        waits++;
    }
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t first, second;
static int waiting, order[WAITERS];
static atomic_int woken;

static void *waits_for_one(void *arg)
{
    pthread_mutex_lock(&mutex);
    order[waiting++] = (long)arg;
    CHECK_EQ(pthread_cond_wait(&first, &mutex), 0);
    CHECK_EQ(order[woken], (long)arg);
    woken++;
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static void until_woken(int n)
{
    while (woken < n)
        sleep_ms(1);
    sleep_ms(5);
    CHECK_EQ(woken, n);
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(waits_in_vain, (void *)(i % KINDS));
    sleep_ms(500);
    over = true;
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    CHECK(waits > 0);
    OK("every wait timed out");

    init(&first, true, CLOCK_REALTIME);
    init(&second, true, CLOCK_REALTIME);
    for (long i = 0; i < WAITERS; i++) {
        t[i] = spawn(waits_for_one, (void *)i);
        for (bool entered = false; !entered; sleep_ms(1)) {
            pthread_mutex_lock(&mutex);
            entered = waiting == i + 1;
            pthread_mutex_unlock(&mutex);
        }
    }
    pthread_cond_broadcast(&second);
    until_woken(0);
    for (int n = 1; n < WAITERS; n++) {
        pthread_cond_signal(&first);
        until_woken(n);
    }
    pthread_cond_broadcast(&first);
    until_woken(WAITERS);
    for (int i = 0; i < WAITERS; i++)
        join(t[i]);
    OK("signals reach their own variable's waiters, in order");
    return 0;
}
