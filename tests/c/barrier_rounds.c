/* A barrier lets nobody through before all are there, tells exactly one of
 * them in each of 1,000 rounds, and may be destroyed when all are through. */
#include "thread.h"

enum { THREADS = 7, ROUNDS = 1000 };
static pthread_barrier_t b;
static atomic_int arrived, serial;

static void *goes_round(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        arrived++;
        int r = pthread_barrier_wait(&b);
        CHECK(arrived >= (i + 1) * THREADS); /* all of this round came */
        CHECK(arrived <= (i + 2) * THREADS - 1); /* and not all of the next */
        if (r == PTHREAD_BARRIER_SERIAL_THREAD)
            serial++;
        else
            CHECK_EQ(r, 0);
        if (i % 100 == 0)
            sched_yield();
    }
    return arg;
}

static void *comes(void *arg)
{
    int r = pthread_barrier_wait(arg);
    if (r == PTHREAD_BARRIER_SERIAL_THREAD) { /* the others are leaving it */
        CHECK_EQ(pthread_barrier_destroy(arg), 0);
        memset(arg, 0xee, sizeof b);
    }
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    CHECK_EQ(pthread_barrier_init(&b, NULL, 0), EINVAL);
    CHECK_EQ(pthread_barrier_init(&b, NULL, THREADS), 0);
    for (int i = 1; i < THREADS; i++)
        t[i] = spawn(goes_round, NULL);
    goes_round(NULL);
    for (int i = 1; i < THREADS; i++)
        join(t[i]);
    OK("%d arrivals, %d told", arrived, serial);
    must_have_parked("barrier", 1);

    CHECK_EQ(pthread_barrier_destroy(&b), 0);
    CHECK_EQ(pthread_barrier_init(&b, NULL, 1), 0);
    CHECK_EQ(pthread_barrier_wait(&b), PTHREAD_BARRIER_SERIAL_THREAD);
    OK("a barrier of one");
    for (int round = 0; round < 200; round++) {
        CHECK_EQ(pthread_barrier_init(&b, NULL, THREADS), 0);
        for (int i = 0; i < THREADS; i++)
            t[i] = spawn(comes, &b);
        for (int i = 0; i < THREADS; i++)
            join(t[i]);
    }
    OK("200 destroyed while the others were leaving");
    return 0;
}
