/* pthread_mutex_timedlock and clocklock on both clocks: ETIMEDOUT no earlier
 * than the deadline, the lock if it comes free before it, no wait at all for a
 * free mutex; malformed times and clocks are EINVAL. */
#include "thread.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *times_out(void *arg)
{
    int64_t start = now_ns();
    struct timespec t = in_ms(CLOCK_REALTIME, 30);
    CHECK_EQ(pthread_mutex_timedlock(&m, &t), ETIMEDOUT);
    CHECK(now_ns() - start >= 29000000);
    start = now_ns();
    t = in_ms(CLOCK_MONOTONIC, 30);
    CHECK_EQ(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &t), ETIMEDOUT);
    CHECK(now_ns() - start >= 30000000);
    t = in_ms(CLOCK_REALTIME, 10);
    CHECK_EQ(pthread_mutex_clocklock(&m, CLOCK_REALTIME, &t), ETIMEDOUT);

    struct timespec past = {1, 0}, negative = {-5, 0}, bad = {5, 1000000000};
    CHECK_EQ(pthread_mutex_timedlock(&m, &past), ETIMEDOUT);
    CHECK_EQ(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &past), ETIMEDOUT);
    CHECK_EQ(pthread_mutex_timedlock(&m, &negative), ETIMEDOUT);
    CHECK_EQ(pthread_mutex_timedlock(&m, &bad), EINVAL);
    CHECK_EQ(pthread_mutex_clocklock(&m, CLOCK_BOOTTIME, &past), EINVAL);
    CHECK_EQ(pthread_mutex_clocklock(&m, CLOCK_PROCESS_CPUTIME_ID, &past), EINVAL);
    return arg;
}

static void *gets_it(void *arg)
{
    struct timespec t = in_ms(CLOCK_MONOTONIC, 20000);
    CHECK_EQ(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &t), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    t = in_ms(CLOCK_REALTIME, 20000);
    CHECK_EQ(pthread_mutex_timedlock(&m, &t), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    return arg;
}

static void *holds(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    pthread_barrier_wait(arg);
    pthread_barrier_wait(arg);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    join(spawn(times_out, NULL));
    OK("a thread times out");
    must_have_parked("mutex", 3);
    pthread_t t[4];
    for (int i = 0; i < 4; i++)
        t[i] = spawn(gets_it, NULL);
    until_parked("mutex", 7);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    for (int i = 0; i < 4; i++)
        join(t[i]);
    OK("those who wait get it");

    pthread_barrier_t step;
    pthread_barrier_init(&step, NULL, 2);
    t[0] = spawn(holds, &step);
    pthread_barrier_wait(&step);
    times_out(NULL);
    OK("main times out where a thread holds it");
    pthread_barrier_wait(&step);
    gets_it(NULL);
    join(t[0]);
    struct timespec past = {1, 0}, bad = {5, -1};
    CHECK_EQ(pthread_mutex_timedlock(&m, &past), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    CHECK_EQ(pthread_mutex_timedlock(&m, &bad), 0);
    OK("a free mutex is had whatever the deadline");
    return 0;
}
