/* pthread_cond_timedwait on either clock and clockwait on both: ETIMEDOUT no
 * earlier than the deadline, 0 if signalled, and the mutex is held after. */
#include "thread.h"

static pthread_mutex_t m = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_cond_t real = PTHREAD_COND_INITIALIZER, mono;
static int ready;

static void *times_out(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    int64_t start = now_ns();
    struct timespec t = in_ms(CLOCK_REALTIME, 20);
    while (pthread_cond_timedwait(&real, &m, &t) == 0)
        ;
    CHECK(now_ns() - start >= 19000000);
    CHECK_EQ(pthread_mutex_lock(&m), EDEADLK);
    start = now_ns();
    t = in_ms(CLOCK_MONOTONIC, 20);
    while (pthread_cond_timedwait(&mono, &m, &t) == 0)
        ;
    CHECK(now_ns() - start >= 20000000);
    start = now_ns();
    t = in_ms(CLOCK_MONOTONIC, 20);
    while (pthread_cond_clockwait(&real, &m, CLOCK_MONOTONIC, &t) == 0)
        ;
    CHECK(now_ns() - start >= 20000000);
    t = in_ms(CLOCK_REALTIME, 5);
    CHECK_EQ(pthread_cond_clockwait(&mono, &m, CLOCK_REALTIME, &t), ETIMEDOUT);
    CHECK_EQ(pthread_mutex_lock(&m), EDEADLK);

    struct timespec past = {1, 0}, negative = {-1, 0}, bad = {1, 1000000000};
    CHECK_EQ(pthread_cond_timedwait(&real, &m, &past), ETIMEDOUT);
    CHECK_EQ(pthread_cond_timedwait(&mono, &m, &negative), ETIMEDOUT);
    CHECK_EQ(pthread_cond_timedwait(&real, &m, &bad), EINVAL);
    CHECK_EQ(pthread_cond_clockwait(&real, &m, CLOCK_BOOTTIME, &past), EINVAL);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    return arg;
}

static void *is_signalled(void *arg)
{
    struct timespec t = in_ms(CLOCK_MONOTONIC, 20000);
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    while (!ready)
        CHECK_EQ(pthread_cond_timedwait(&mono, &m, &t), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_condattr_t a;
    clockid_t clock;
    CHECK_EQ(pthread_condattr_init(&a), 0);
    CHECK_EQ(pthread_condattr_getclock(&a, &clock), 0);
    CHECK_EQ(clock, CLOCK_REALTIME);
    CHECK_EQ(pthread_condattr_setclock(&a, CLOCK_BOOTTIME), EINVAL);
    CHECK_EQ(pthread_condattr_setclock(&a, CLOCK_MONOTONIC), 0);
    CHECK_EQ(pthread_cond_init(&mono, &a), 0);
    times_out(NULL);
    OK("main times out");
    join(spawn(times_out, NULL));
    OK("a thread times out");
    must_have_parked("cond", 4);
    pthread_t t[5];
    for (int i = 0; i < 5; i++)
        t[i] = spawn(is_signalled, NULL);
    until_parked("cond", 9);
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    ready = 1;
    CHECK_EQ(pthread_cond_broadcast(&mono), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    for (int i = 0; i < 5; i++)
        join(t[i]);
    OK("signalled in time");
    return 0;
}
