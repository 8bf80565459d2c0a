/* main and threads hand a mutex to and fro: main waits for what a thread holds
 * while it sleeps, threads wait for what main holds while it computes. */
#include "thread.h"

enum { ROUNDS = 200 };
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static int turn; /* whose it is: 0 main, 1 the thread */
static int done;

static void *holds_and_sleeps(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    pthread_barrier_wait(arg);
    sleep_ms(30);
    done = 1;
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    return NULL;
}

static void play(int me)
{
    for (int i = 0; i < ROUNDS;) {
        CHECK_EQ(pthread_mutex_lock(&m), 0);
        if (turn == me) {
            turn = !me;
            i++;
        }
        CHECK_EQ(pthread_mutex_unlock(&m), 0);
        sched_yield();
    }
}

static void *plays(void *arg)
{
    play(1);
    return arg;
}

static void *sees(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    CHECK_EQ(done, 2);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_barrier_t locked;
    pthread_barrier_init(&locked, NULL, 2);
    pthread_t t = spawn(holds_and_sleeps, &locked);
    pthread_barrier_wait(&locked);
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    CHECK_EQ(done, 1);
    OK("main waited for a thread that slept");
    pthread_t waiting[10];
    for (int i = 0; i < 10; i++)
        waiting[i] = spawn(sees, NULL);
    until_parked("mutex", 10);
    for (int64_t end = now_ms() + 20; now_ms() < end;)
        ;
    done = 2;
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    for (int i = 0; i < 10; i++)
        join(waiting[i]);
    join(t);
    OK("threads waited for main");
    t = spawn(plays, NULL);
    play(0);
    join(t);
    OK("%d turns each", ROUNDS);
    return 0;
}
