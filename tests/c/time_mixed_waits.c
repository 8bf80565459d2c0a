/* Time-outs of every kind run side by side in many threads: sleeps, poll,
 * select, SO_RCVTIMEO, epoll_wait. None fires early, none is lost. Must not
 * change: a wait that was ended by data leaves no time-out behind that would
 * end a later one. */
#include "asleep.h"
#include <sys/epoll.h>
#include <sys/select.h>

enum { THREADS = 60, ROUNDS = 8 };

static void *waits(void *arg)
{
    int kind = (int)(intptr_t)arg % 5, p[2], ms = 25 + (int)(intptr_t)arg % 17;
    int ep = epoll_create1(0);
    char c;
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
    struct epoll_event ev = {.events = EPOLLIN};
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev), 0);
    struct timeval tv = {0, ms * 1000};
    CHECK_EQ(setsockopt(p[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    for (int i = 0; i < ROUNDS; i++) {
        struct pollfd pfd = {.fd = p[0], .events = POLLIN};
        fd_set set;
        FD_ZERO(&set);
        FD_SET(p[0], &set);
        tv = (struct timeval){0, ms * 1000};
        int has_data = i % 2;
        if (has_data)
            CHECK_EQ(write(p[1], "x", 1), 1);
        int64_t start = now_ns();
        switch (kind) {
        case 0: sleep_ms(ms); break;
        case 1: CHECK_EQ(poll(&pfd, 1, ms), has_data); break;
        case 2: CHECK_EQ(select(p[0] + 1, &set, NULL, NULL, &tv), has_data); break;
        case 3: CHECK_EQ(recv(p[0], &c, 1, MSG_PEEK), has_data ? 1 : -1); break;
        case 4: CHECK_EQ(epoll_wait(ep, &ev, 1, ms), has_data); break;
        }
        if (kind == 0 || (!has_data && kind != 3))
            CHECK(now_ns() - start >= ms * 1000000LL);
        if (!has_data && kind == 3)
            CHECK_TIMEO(start, ms);
        if (has_data)
            CHECK_EQ(read(p[0], &c, 1), 1);
    }
    close(p[0]);
    close(p[1]);
    close(ep);
    return NULL;
}

int main(void)
{
    pthread_t t[THREADS];
    alarm(20);
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(waits, (void *)(intptr_t)i);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    must_have_parked("time", 1);
    must_have_parked("select", 1);
    must_have_parked("socket", 1);
    OK("%d threads x %d waits of five kinds, none early", THREADS, ROUNDS);
}
