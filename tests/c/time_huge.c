/* The longest times there are do not overflow: sleep(UINT_MAX), LONG_MAX
 * seconds, poll's INT_MAX milliseconds wait, and data end them. Must not
 * change: any negative time of poll and epoll_wait means without an end. */
#include "asleep.h"
#include <limits.h>
#include <sys/epoll.h>
#include <sys/select.h>

enum { SLEEPS = 5, WAITS = 9 };
static int end[2], ep;
static struct gate gate;
static const struct timespec forever = {LONG_MAX, 999999999};

static void *sleeps(void *arg)
{
    enter(&gate);
    switch ((intptr_t)arg) {
    case 0: sleep(UINT_MAX); break;
    case 1: nanosleep(&forever, NULL); break;
    case 2: clock_nanosleep(CLOCK_MONOTONIC, 0, &forever, NULL); break;
    case 3: clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &forever, NULL); break;
    case 4: clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &forever, NULL); break;
    }
    CHECK(!"a sleep without an end has ended");
    return NULL;
}

static void *waits(void *arg)
{
    struct pollfd p = {.fd = end[0], .events = POLLIN};
    struct epoll_event ev;
    struct timeval tv = {LONG_MAX / 2, 0};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(end[0], &set);
    enter(&gate);
    switch ((intptr_t)arg) {
    case 0: CHECK_EQ(poll(&p, 1, INT_MAX), 1); break;
    case 1: CHECK_EQ(poll(&p, 1, -77), 1); break;
    case 2: CHECK_EQ(ppoll(&p, 1, &forever, NULL), 1); break;
    case 3: CHECK_EQ(select(end[0] + 1, &set, NULL, NULL, &tv), 1); break;
    case 4: CHECK_EQ(pselect(end[0] + 1, &set, NULL, NULL, &forever, NULL), 1); break;
    case 5: CHECK_EQ(epoll_wait(ep, &ev, 1, INT_MAX), 1); break;
    case 6: CHECK_EQ(epoll_wait(ep, &ev, 1, INT_MIN), 1); break;
    case 7: CHECK_EQ(epoll_pwait2(ep, &ev, 1, &forever, NULL), 1); break;
    case 8: CHECK_EQ(recv(end[0], &p, 1, MSG_PEEK), 1); break;
    }
    return NULL;
}

int main(void)
{
    pthread_t s[SLEEPS], w[WAITS];
    struct timeval tv = {LONG_MAX / 2, 0};
    alarm(20);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    ep = epoll_create1(0);
    struct epoll_event ev = {.events = EPOLLIN};
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, end[0], &ev), 0);
    gate_open(&gate, "time");
    for (intptr_t i = 0; i < SLEEPS; i++)
        s[i] = spawn(sleeps, (void *)i);
    until_asleep(&gate, SLEEPS);
    gate_open(&gate, "select");
    for (intptr_t i = 0; i < WAITS; i++)
        w[i] = spawn(waits, (void *)i);
    while (gate.n < WAITS)
        sleep_ms(1);
    sleep_ms(30);
    for (int i = 0; i < SLEEPS; i++)
        CHECK_EQ(pthread_tryjoin_np(s[i], NULL), EBUSY);
    for (int i = 0; i < WAITS; i++)
        CHECK_EQ(pthread_tryjoin_np(w[i], NULL), EBUSY);
    OK("nothing ends at once");
    CHECK_EQ(write(end[1], "x", 1), 1);
    for (int i = 0; i < WAITS; i++)
        join(w[i]);
    must_have_parked("time", SLEEPS);
    OK("data end the waits");
}
