/* timed */
/* Sleepers wake in the order of their deadlines, not of their creation; one
 * that is added later with an earlier deadline wakes first. Must not change:
 * a long sleep beside them goes on. */
#include "asleep.h"

enum { N = 12, STEP_MS = 25 };
static int order[N];
static atomic_int next;
static struct gate gate;
static struct timespec base;

static void *sleeper(void *arg)
{
    int rank = (int)(intptr_t)arg;
    struct timespec until = base;
    until.tv_nsec += rank * STEP_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    enter(&gate);
    CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), 0);
    order[next++] = rank;
    return NULL;
}

static void *long_sleeper(void *arg)
{
    enter(&gate);
    sleep(100);
    return arg;
}

int main(void)
{
    pthread_t t[N];
    alarm(20);
    gate_open(&gate, "time");
    pthread_t forever = spawn(long_sleeper, NULL);
    until_asleep(&gate, 1);
    base = in_ms(CLOCK_MONOTONIC, 200);
    for (int i = 0; i < N; i++) /* 7 is prime to 12: every rank once */
        t[i] = spawn(sleeper, (void *)(intptr_t)((i * 7 + 5) % N));
    for (int i = 0; i < N; i++)
        join(t[i]);
    /* A busy machine may wake two late ones together; a sleeper that was
     * passed by many others was not woken by its deadline. */
    for (int i = 0; i < N; i++)
        CHECK(abs(order[i] - i) <= 4);
    CHECK_EQ(pthread_tryjoin_np(forever, NULL), EBUSY);
    must_have_parked("time", N + 1);
    OK("%d sleepers woke by deadline, the long one sleeps on", N);
}
