/* pthread_tryjoin_np, pthread_timedjoin_np and pthread_clockjoin_np: EBUSY and
 * ETIMEDOUT while the thread runs, never early, and its value afterwards. */
#include "thread.h"
#include <semaphore.h>

static sem_t release;
static int place;

static void *waits(void *arg)
{
    CHECK_EQ(sem_wait(&release), 0);
    return arg;
}

static void times_out(pthread_t t)
{
    void *result = &result;
    int64_t start = now_ms();
    struct timespec wall = in_ms(CLOCK_REALTIME, 30);
    CHECK_EQ(pthread_timedjoin_np(t, &result, &wall), ETIMEDOUT);
    CHECK(now_ms() - start >= 28);
    start = now_ms();
    struct timespec mono = in_ms(CLOCK_MONOTONIC, 30);
    CHECK_EQ(pthread_clockjoin_np(t, &result, CLOCK_MONOTONIC, &mono), ETIMEDOUT);
    CHECK(now_ms() - start >= 29);
    CHECK(result == &result);
}

static void *from_thread(void *arg)
{
    times_out(*(pthread_t *)arg);
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    void *result = NULL;
    sem_init(&release, 0, 0);
    pthread_t t = spawn(waits, &place);
    CHECK_EQ(pthread_tryjoin_np(t, &result), EBUSY);
    OK("tryjoin is EBUSY");
    times_out(t);
    OK("timedjoin and clockjoin time out in main");
    join(spawn(from_thread, &t));
    OK("and in a thread");

    struct timespec past = {1, 0};
    CHECK_EQ(pthread_timedjoin_np(t, &result, &past), ETIMEDOUT);
    CHECK_EQ(pthread_clockjoin_np(t, &result, CLOCK_MONOTONIC, &past), ETIMEDOUT);
    CHECK(result == NULL);
    OK("a deadline in the past");

    sem_post(&release);
    struct timespec later = in_ms(CLOCK_REALTIME, 20000);
    CHECK_EQ(pthread_timedjoin_np(t, &result, &later), 0);
    CHECK(result == &place);
    OK("timedjoin gets the value");

    t = spawn(waits, &place);
    sem_post(&release);
    while (pthread_tryjoin_np(t, &result) == EBUSY)
        sched_yield();
    CHECK(result == &place);
    OK("tryjoin gets the value");
    must_have_parked("thread", 2);
    return 0;
}
