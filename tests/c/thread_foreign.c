/* Threads that are native under the library too (made with CPUs of their own,
 * or by libc for a timer with SIGEV_THREAD) share mutexes, condition variables
 * and semaphores with the others, and either kind may wait for the other. */
#include "thread.h"
#include <sched.h>
#include <semaphore.h>

enum { EACH = 6, ROUNDS = 300 };
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static sem_t fired;
static long count;
static int ball;

static void *adds(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(pthread_mutex_lock(&m), 0);
        long was = count;
        if (i % 100 == 0)
            sleep_ms(1);
        count = was + 1;
        CHECK_EQ(pthread_mutex_unlock(&m), 0);
    }
    return arg;
}

static void *plays(void *arg)
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
    return arg;
}

static pthread_t spawn_native(void *(*start)(void *), void *arg)
{
    pthread_attr_t attr;
    pthread_t t;
    cpu_set_t allowed;
    CHECK_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    CHECK_EQ(pthread_attr_init(&attr), 0);
    CHECK_EQ(pthread_attr_setaffinity_np(&attr, sizeof allowed, &allowed), 0);
    CHECK_EQ(pthread_create(&t, &attr, start, arg), 0);
    CHECK_EQ(pthread_attr_destroy(&attr), 0);
    return t;
}

static void on_timer(union sigval v)
{
    CHECK_EQ(sem_post(v.sival_ptr), 0);
}

int main(void)
{
    SAFETY_NET();
    pthread_t foreign[EACH], own[EACH];
    for (int i = 0; i < EACH; i++) {
        foreign[i] = spawn_native(adds, NULL);
        own[i] = spawn(adds, NULL);
    }
    for (int i = 0; i < EACH; i++) {
        join(foreign[i]);
        join(own[i]);
    }
    OK("count %ld", count);

    foreign[0] = spawn_native(plays, (void *)1L);
    own[0] = spawn(plays, (void *)0L);
    join(own[0]);
    CHECK(join(foreign[0]) == (void *)1L);
    if (preloaded())
        CHECK_EQ(iopatch_counter("coroutines"), EACH + 1);
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
