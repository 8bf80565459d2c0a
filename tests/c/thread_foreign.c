/* Threads that libc makes by itself (thrd_create, a timer with SIGEV_THREAD)
 * share mutexes, condition variables and semaphores with those made by
 * pthread_create, and either kind may wait for the other. */
#include "thread.h"
#include <semaphore.h>
#include <threads.h>

enum { EACH = 6, ROUNDS = 300 };
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static sem_t fired;
static long count;
static int ball;

static int adds(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(pthread_mutex_lock(&m), 0);
        long was = count;
        if (i % 100 == 0)
            sleep_ms(1);
        count = was + 1;
        CHECK_EQ(pthread_mutex_unlock(&m), 0);
    }
    return arg != NULL;
}

static void *adds_too(void *arg)
{
    adds(arg);
    return arg;
}

static int plays(void *arg)
{
    int me = (int)(long)arg;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&m);
        while (ball != me)
            pthread_cond_wait(&c, &m);
        ball = !me;
        pthread_cond_broadcast(&c);
        pthread_mutex_unlock(&m);
    }
    return me;
}

static void *plays_too(void *arg)
{
    plays(arg);
    return arg;
}

static void on_timer(union sigval v)
{
    CHECK_EQ(sem_post(v.sival_ptr), 0);
}

int main(void)
{
    SAFETY_NET();
    thrd_t foreign[EACH];
    pthread_t own[EACH];
    int result;
    for (int i = 0; i < EACH; i++) {
        CHECK_EQ(thrd_create(&foreign[i], adds, &m), thrd_success);
        own[i] = spawn(adds_too, NULL);
    }
    for (int i = 0; i < EACH; i++) {
        CHECK_EQ(thrd_join(foreign[i], &result), thrd_success);
        CHECK_EQ(result, 1);
        join(own[i]);
    }
    OK("count %ld", count);

    CHECK_EQ(thrd_create(&foreign[0], plays, (void *)1L), thrd_success);
    own[0] = spawn(plays_too, (void *)0L);
    join(own[0]);
    CHECK_EQ(thrd_join(foreign[0], &result), thrd_success);
    OK("%d rounds between the two kinds", ROUNDS);

    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD,
                             .sigev_notify_function = on_timer,
                             .sigev_value.sival_ptr = &fired};
    struct itimerspec soon = {.it_value = {0, 5000000}, .it_interval = {0, 5000000}};
    CHECK_EQ(sem_init(&fired, 0, 0), 0);
    CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    CHECK_EQ(timer_settime(timer, 0, &soon, NULL), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(sem_wait(&fired), 0);
    CHECK_EQ(timer_delete(timer), 0);
    OK("a timer's threads");
    return 0;
}
