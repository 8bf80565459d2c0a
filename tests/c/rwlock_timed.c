/* The try, timed and clock forms of rwlocks: EBUSY and ETIMEDOUT where they
 * would wait, never early, the lock if it comes free in time. */
#include "thread.h"

static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;

static void no_write(void)
{
    int64_t start = now_ns();
    struct timespec t = in_ms(CLOCK_REALTIME, 20);
    CHECK_EQ(pthread_rwlock_trywrlock(&l), EBUSY);
    CHECK_EQ(pthread_rwlock_timedwrlock(&l, &t), ETIMEDOUT);
    CHECK(now_ns() - start >= 19000000);
    start = now_ns();
    t = in_ms(CLOCK_MONOTONIC, 20);
    CHECK_EQ(pthread_rwlock_clockwrlock(&l, CLOCK_MONOTONIC, &t), ETIMEDOUT);
    CHECK(now_ns() - start >= 20000000);
    struct timespec past = {1, 0}, bad = {1, -1};
    CHECK_EQ(pthread_rwlock_timedwrlock(&l, &past), ETIMEDOUT);
    CHECK_EQ(pthread_rwlock_timedwrlock(&l, &bad), EINVAL);
    CHECK_EQ(pthread_rwlock_clockwrlock(&l, CLOCK_BOOTTIME, &past), EINVAL);
}

static void no_read(void)
{
    int64_t start = now_ns();
    struct timespec t = in_ms(CLOCK_REALTIME, 20);
    CHECK_EQ(pthread_rwlock_tryrdlock(&l), EBUSY);
    CHECK_EQ(pthread_rwlock_timedrdlock(&l, &t), ETIMEDOUT);
    CHECK(now_ns() - start >= 19000000);
    start = now_ns();
    t = in_ms(CLOCK_MONOTONIC, 20);
    CHECK_EQ(pthread_rwlock_clockrdlock(&l, CLOCK_MONOTONIC, &t), ETIMEDOUT);
    CHECK(now_ns() - start >= 20000000);
    struct timespec past = {1, 0}, bad = {1, 1000000000};
    CHECK_EQ(pthread_rwlock_timedrdlock(&l, &past), ETIMEDOUT);
    CHECK_EQ(pthread_rwlock_timedrdlock(&l, &bad), EINVAL);
    CHECK_EQ(pthread_rwlock_clockrdlock(&l, CLOCK_BOOTTIME, &past), EINVAL);
}

static void *written_by_main(void *arg)
{
    no_read();
    no_write();
    return arg;
}

static void *read_by_main(void *arg)
{
    no_write();
    CHECK_EQ(pthread_rwlock_tryrdlock(&l), 0);
    CHECK_EQ(pthread_rwlock_unlock(&l), 0);
    return arg;
}

static void *gets_it(void *arg)
{
    struct timespec t = in_ms(CLOCK_MONOTONIC, 20000);
    CHECK_EQ(arg ? pthread_rwlock_clockwrlock(&l, CLOCK_MONOTONIC, &t)
                 : pthread_rwlock_clockrdlock(&l, CLOCK_MONOTONIC, &t), 0);
    CHECK_EQ(pthread_rwlock_unlock(&l), 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    CHECK_EQ(pthread_rwlock_wrlock(&l), 0);
    join(spawn(written_by_main, NULL));
    OK("locked for writing");
    must_have_parked("rwlock", 4);
    pthread_t t[4];
    for (long i = 0; i < 4; i++)
        t[i] = spawn(gets_it, (void *)(i % 2));
    until_parked("rwlock", 8);
    CHECK_EQ(pthread_rwlock_unlock(&l), 0);
    for (int i = 0; i < 4; i++)
        join(t[i]);
    OK("had in time");
    CHECK_EQ(pthread_rwlock_rdlock(&l), 0);
    join(spawn(read_by_main, NULL));
    CHECK_EQ(pthread_rwlock_unlock(&l), 0);
    OK("locked for reading");
    return 0;
}
