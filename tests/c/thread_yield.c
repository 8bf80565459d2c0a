/* sched_yield lets the others run: threads that wait for each other by nothing
 * but yielding take turns, and one that only yields starves nobody. */
#include "thread.h"

enum { THREADS = 4, ROUNDS = 200 };
static atomic_int turn, stop;

static void *takes_turns(void *arg)
{
    long me = (long)arg;
    for (int i = 0; i < ROUNDS; i++) {
        while (turn % THREADS != me)
            CHECK_EQ(sched_yield(), 0);
        turn++;
    }
    return NULL;
}

static void *only_yields(void *arg)
{
    while (!stop)
        sched_yield();
    return arg;
}

static void *sleeps(void *arg)
{
    for (int i = 0; i < 5; i++)
        sleep_ms(2);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(takes_turns, (void *)i);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("%d turns", turn);
    pthread_t y[4];
    for (int i = 0; i < 4; i++)
        y[i] = spawn(only_yields, NULL);
    join(spawn(sleeps, NULL));
    stop = 1;
    for (int i = 0; i < 4; i++)
        join(y[i]);
    OK("a sleeper among yielders");
    most_parked("time", 5);
    return 0;
}
