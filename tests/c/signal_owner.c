/* F_SETOWN_EX and SIGEV_THREAD_ID name a thread, the caller or another one: its
 * handler runs there, and nowhere else. The owner is told as it was named; a
 * thread that has ended is none. */
#include "thread.h"
#include <sys/syscall.h>

enum { SIGNAL = 40 };
static __thread volatile int handled;
static atomic_int tid, seen, stop;

static void handler(int signum)
{
    (void)signum;
    handled++;
}

static void *counts(void *arg)
{
    tid = gettid();
    while (!stop) {
        sleep_ms(1);
        seen = handled;
    }
    return arg;
}

static void *others(void *arg)
{
    while (!stop)
        sleep_ms(1);
    CHECK_EQ(handled, 0);
    return arg;
}

/* What is written to `end` is told to thread `owner`. */
static void own(int end, pid_t owner)
{
    struct f_owner_ex asked = {F_OWNER_TID, owner}, told;
    CHECK_EQ(fcntl(end, F_SETOWN_EX, &asked), 0);
    CHECK_EQ(fcntl(end, F_GETOWN_EX, &told), 0);
    CHECK(told.type == F_OWNER_TID && told.pid == owner);
    CHECK_EQ(fcntl(end, F_GETOWN), owner);
}

static void arm(pid_t owner)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGNAL};
    struct itimerspec soon = {.it_value = {0, 1000000}};
    event._sigev_un._tid = owner;
    CHECK_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    CHECK_EQ(timer_settime(timer, 0, &soon, NULL), 0);
}

static void *names(void *arg)
{
    int *end = arg;
    own(end[0], gettid());
    send_all(end[1], "x", 1);
    while (handled < 1)
        sleep_ms(1);
    arm(gettid());
    while (handled < 2)
        sleep_ms(1);
    OK("itself");
    own(end[0], tid);
    send_all(end[1], "x", 1);
    while (seen < 1)
        sleep_ms(1);
    arm(tid);
    while (seen < 2)
        sleep_ms(1);
    CHECK_EQ(handled, 2);
    OK("another");
    return arg;
}

int main(void)
{
    SAFETY_NET();
    int end[2];
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    CHECK_EQ(sigaction(SIGNAL, &action, NULL), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    CHECK_EQ(fcntl(end[0], F_SETSIG, SIGNAL), 0);
    CHECK_EQ(fcntl(end[0], F_SETFL, O_ASYNC), 0);
    pthread_t t[] = {spawn(counts, NULL), spawn(others, NULL), spawn(others, NULL)};
    while (!tid)
        sched_yield();
    join(spawn(names, end));
    stop = 1;
    for (int i = 0; i < 3; i++)
        join(t[i]);
    CHECK_EQ(handled, 0);
    struct f_owner_ex gone = {F_OWNER_TID, tid};
    CHECK_ERRNO(fcntl(end[0], F_SETOWN_EX, &gone), ESRCH);
    CHECK_ERRNO(fcntl(end[0], F_SETOWN_EX, NULL), EFAULT);
    OK("not one that has ended");
    most_parked("time", 10);
    return 0;
}
