/* sem_timedwait and sem_clockwait: ETIMEDOUT no earlier than the deadline, 0
 * if posted; sem_trywait EAGAIN; EOVERFLOW and EINVAL where they belong. */
#include "thread.h"
#include <semaphore.h>

static sem_t s;

static void *times_out(void *arg)
{
    int64_t start = now_ns();
    struct timespec t = in_ms(CLOCK_REALTIME, 20);
    CHECK_ERRNO(sem_timedwait(&s, &t), ETIMEDOUT);
    CHECK(now_ns() - start >= 19000000);
    start = now_ns();
    t = in_ms(CLOCK_MONOTONIC, 20);
    CHECK_ERRNO(sem_clockwait(&s, CLOCK_MONOTONIC, &t), ETIMEDOUT);
    CHECK(now_ns() - start >= 20000000);
    struct timespec past = {1, 0}, bad = {1, 1000000000};
    CHECK_ERRNO(sem_timedwait(&s, &past), ETIMEDOUT);
    CHECK_ERRNO(sem_timedwait(&s, &bad), EINVAL);
    CHECK_ERRNO(sem_clockwait(&s, CLOCK_BOOTTIME, &past), EINVAL);
    CHECK_ERRNO(sem_trywait(&s), EAGAIN);
    return arg;
}

static void *is_posted(void *arg)
{
    struct timespec t = in_ms(CLOCK_REALTIME, 20000);
    CHECK_EQ(sem_timedwait(&s, &t), 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    int value;
    CHECK_EQ(sem_init(&s, 0, 0), 0);
    times_out(NULL);
    OK("in main");
    join(spawn(times_out, NULL));
    OK("in a thread");
    must_have_parked("sem", 2);
    pthread_t t[5];
    for (int i = 0; i < 5; i++)
        t[i] = spawn(is_posted, NULL);
    until_parked("sem", 7);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(sem_post(&s), 0);
    for (int i = 0; i < 5; i++)
        join(t[i]);
    CHECK_EQ(sem_getvalue(&s, &value), 0);
    CHECK_EQ(value, 0);
    OK("posted in time");

    struct timespec past = {1, 0};
    CHECK_EQ(sem_post(&s), 0);
    CHECK_EQ(sem_timedwait(&s, &past), 0);
    OK("a count that is there is had whatever the deadline");
    CHECK_EQ(sem_destroy(&s), 0);
    CHECK_ERRNO(sem_init(&s, 0, (unsigned)SEM_VALUE_MAX + 1), EINVAL);
    CHECK_EQ(sem_init(&s, 0, SEM_VALUE_MAX), 0);
    CHECK_ERRNO(sem_post(&s), EOVERFLOW);
    CHECK_EQ(sem_trywait(&s), 0);
    CHECK_EQ(sem_post(&s), 0);
    OK("EOVERFLOW at SEM_VALUE_MAX");
    return 0;
}
