/* epoll_wait, epoll_pwait and epoll_pwait2 in a thread, level-triggered: they
 * wait for data, report them until they are read, and give back the program's
 * own word. Must not change: maxevents limits, and the rest comes next time. */
#include "asleep.h"
#include <sys/epoll.h>

enum { N = 5 };
static int ep, end[N][2];
static struct gate gate;

static int wait_for(int way, struct epoll_event *ev, int max, int ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000};
    return way == 0   ? epoll_wait(ep, ev, max, ms)
           : way == 1 ? epoll_pwait(ep, ev, max, ms, NULL)
                      : epoll_pwait2(ep, ev, max, ms < 0 ? NULL : &ts, NULL);
}

static void *waiter(void *arg)
{
    int way = *(int *)arg, seen[N] = {0};
    struct epoll_event ev[N];
    char c;
    enter(&gate);
    CHECK_EQ(wait_for(way, ev, N, -1), 1);
    CHECK_EQ(ev[0].events, EPOLLIN);
    CHECK_EQ(ev[0].data.u64, 0xabcd000000000002);
    CHECK_EQ(wait_for(way, ev, N, -1), 1);
    CHECK_EQ(read(end[2][0], &c, 1), 1);
    CHECK_EQ(wait_for(way, ev, N, 0), 0);

    for (int i = 0; i < N; i++)
        CHECK_EQ(write(end[i][1], "x", 1), 1);
    for (int i = 0; i < 2 * N; i++) {
        CHECK_EQ(wait_for(way, ev, 1, -1), 1);
        seen[ev[0].data.u64 & 0xff]++;
    }
    for (int i = 0; i < N; i++) {
        CHECK_EQ(seen[i], 2); /* each in its turn */
        CHECK_EQ(read(end[i][0], &c, 1), 1);
    }
    CHECK_ERRNO(wait_for(way, ev, 0, 0), EINVAL);
    int64_t start = now_ns();
    CHECK_EQ(wait_for(way, ev, N, 25), 0);
    CHECK(now_ns() - start >= 25 * 1000000);
    return NULL;
}

int main(void)
{
    static const char *const name[] = {"epoll_wait", "epoll_pwait", "epoll_pwait2"};
    alarm(20);
    ep = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < N; i++) {
        struct epoll_event ev = {EPOLLIN, {.u64 = 0xabcd000000000000 + (unsigned)i}};
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end[i]), 0);
        CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, end[i][0], &ev), 0);
    }
    for (int way = 0; way < 3; way++) {
        gate_open(&gate, "select");
        pthread_t t = spawn(waiter, &way);
        until_asleep(&gate, 1);
        CHECK_EQ(write(end[2][1], "x", 1), 1);
        join(t);
        OK("%s", name[way]);
    }
    must_have_parked("select", 6);
}
