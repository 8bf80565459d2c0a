/* thrd_sleep: 0 after the time, -1 and what is left after a signal's handler,
 * -2 for what is no time. thrd_yield lets the others run. */
#include "c11.h"

enum { THREADS = 4, TURNS = 200 };
static atomic_int handled, turn;

static void on_signal(int signum)
{
    (void)signum;
    handled++;
}

static int sleeps(void *arg)
{
    int64_t began = now_ns();
    struct timespec left = {77, 77};
    CHECK_EQ(thrd_sleep(&(struct timespec){0, 20000000}, &left), 0);
    CHECK(now_ns() - began >= 20000000);
    CHECK_EQ(left.tv_sec, 77);
    CHECK_EQ(thrd_sleep(&(struct timespec){0, 0}, arg), 0);
    CHECK_EQ(thrd_sleep(&(struct timespec){0, 1000000000}, NULL), -2);
    CHECK_EQ(thrd_sleep(&(struct timespec){0, -1}, NULL), -2);
    CHECK_EQ(thrd_sleep(&(struct timespec){-1, 0}, NULL), -2);
    CHECK_EQ(thrd_sleep((struct timespec *)16, NULL), -2);
    return 0;
}

static int is_interrupted(void *arg)
{
    struct timespec time = {100, 0};
    int result = thrd_sleep(&time, arg ? &time : NULL);
    CHECK_EQ(time.tv_sec, arg ? 99 : 100);
    return result;
}

static int takes_turns(void *arg)
{
    for (int i = 0; i < TURNS; i++) {
        while (turn % THREADS != (int)(intptr_t)arg)
            thrd_yield();
        turn++;
    }
    return 0;
}

int main(void)
{
    thrd_t t[THREADS];
    SAFETY_NET();
    CHECK_EQ(sleeps(NULL), 0);
    for (int i = 0; i < THREADS; i++)
        t[i] = begin(sleeps, NULL);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(end(t[i]), 0);
    OK("0 and -2");

    CHECK_EQ(sigaction(SIGUSR1, &(struct sigaction){.sa_handler = on_signal, .sa_flags = SA_RESTART}, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        t[i] = begin(is_interrupted, i % 2 ? &turn : NULL);
    until_parked("time", 2 * THREADS);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_kill(t[i], SIGUSR1), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(end(t[i]), -1);
    OK("-1, %d handlers", handled);

    for (int i = 0; i < THREADS; i++)
        t[i] = begin(takes_turns, (void *)(intptr_t)i);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(end(t[i]), 0);
    OK("%d turns", turn);
    must_be_coroutines(3 * THREADS);
    return 0;
}
