/* alarm, setitimer of the three kinds, and timer_create with SIGEV_SIGNAL, SIGEV_THREAD, SIGEV_NONE and
 * SIGEV_THREAD_ID of oneself: its signals reach that thread, with the timer's value. */
#include "thread.h"
#include <sys/time.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static _Thread_local int mine;
static _Atomic int caught, by_thread, values, codes, elsewhere;

static void on_signal(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    caught++;
    if (!mine)
        elsewhere++;
    values = info->si_value.sival_int;
    codes = info->si_code;
}

static void notified(union sigval value) { by_thread += value.sival_int; }

static void until(_Atomic int *what, int n)
{
    for (int64_t end = now_ms() + 10000; *what < n && now_ms() < end;)
        sleep_ms(1);
    CHECK(*what >= n);
}

static timer_t make(int notify, int sig, int value, int tid)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = notify, .sigev_signo = sig, .sigev_value.sival_int = value};
    if (notify == SIGEV_THREAD_ID)
        event.sigev_notify_thread_id = tid;
    if (notify == SIGEV_THREAD)
        event.sigev_notify_function = notified;
    CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    return timer;
}

static void start(timer_t timer, int ms, int every)
{
    struct itimerspec when = {{0, every * 1000000L}, {0, ms * 1000000L}};
    CHECK_EQ(timer_settime(timer, 0, &when, NULL), 0);
}

static void *with_own_timer(void *arg)
{
    mine = 1;
    timer_t timer = make(SIGEV_THREAD_ID, SIGRTMIN + 1, 5, gettid());
    caught = elsewhere = 0;
    start(timer, 2, 2);
    for (int i = 0; i < 10; i++)
        CHECK(sleep(10) > 0); /* a handler has run */
    CHECK_EQ(timer_delete(timer), 0);
    CHECK(caught >= 10);
    CHECK_EQ(elsewhere, 0);
    CHECK_EQ(values, 5);
    CHECK_EQ(codes, SI_TIMER);
    /* And parked in a read, alone. */
    timer = make(SIGEV_THREAD_ID, SIGRTMIN + 1, 6, gettid());
    int fd[2];
    char c;
    CHECK_EQ(pipe(fd), 0);
    start(timer, 2, 0);
    CHECK_ERRNO(read(fd[0], &c, 1), EINTR);
    CHECK_EQ(values, 6);
    CHECK_EQ(timer_delete(timer), 0);
    return arg;
}

int main(void)
{
    struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    int signals[] = {SIGALRM, SIGVTALRM, SIGPROF, SIGRTMIN, SIGRTMIN + 1};
    for (int i = 0; i < 5; i++)
        CHECK_EQ(sigaction(signals[i], &act, NULL), 0);
    struct itimerval fast = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}}, left;
    int kinds[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
    for (int i = 0; i < 3; i++) {
        caught = 0;
        CHECK_EQ(setitimer(kinds[i], &fast, NULL), 0);
        for (int64_t end = now_ms() + 10000; caught < 3 && now_ms() < end;)
            __asm__ volatile("");
        CHECK_EQ(getitimer(kinds[i], &left), 0);
        CHECK_EQ(setitimer(kinds[i], &off, NULL), 0);
        CHECK(caught >= 3);
    }
    OK("setitimer: REAL, VIRTUAL, PROF");

    timer_t timer = make(SIGEV_SIGNAL, SIGRTMIN, 3, 0);
    caught = 0;
    start(timer, 1, 1);
    until(&caught, 5);
    CHECK_EQ(timer_delete(timer), 0);
    CHECK_EQ(values, 3);
    CHECK_EQ(codes, SI_TIMER);
    OK("timer_create: SIGEV_SIGNAL");

    timer = make(SIGEV_THREAD, 0, 1, 0);
    start(timer, 1, 1);
    until(&by_thread, 5);
    CHECK_EQ(timer_delete(timer), 0);
    OK("timer_create: SIGEV_THREAD");

    timer = make(SIGEV_NONE, 0, 1, 0);
    start(timer, 1, 0);
    CHECK_EQ(timer_delete(timer), 0);

    join(spawn(with_own_timer, NULL));
    OK("timer_create: SIGEV_THREAD_ID, of oneself");

    struct sigevent nobody = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};
    nobody.sigev_notify_thread_id = 1;
    CHECK_ERRNO(timer_create(CLOCK_MONOTONIC, &nobody, &timer), EINVAL);
    OK("a stranger's id: EINVAL");
}
