/* A watched descriptor that is closed leaves its epoll set when its last dup
 * does; an epoll descriptor can itself be polled. Must not change: the set
 * goes on reporting a closed number while a dup keeps the file open. */
#include "asleep.h"
#include <sys/epoll.h>

static int ep, end[2];
static struct gate gate;

static void *poll_the_epoll(void *arg)
{
    struct pollfd p = {.fd = ep, .events = POLLIN};
    struct epoll_event ev;
    char c;
    enter(&gate);
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLIN);
    CHECK_EQ(epoll_wait(ep, &ev, 1, 0), 1);
    CHECK_EQ(ev.data.u32, 5);
    CHECK_EQ(read(end[0], &c, 1), 1);
    CHECK_EQ(poll(&p, 1, 0), 0);
    return arg;
}

static void *wait_outer(void *arg)
{
    struct epoll_event ev;
    enter(&gate);
    CHECK_EQ(epoll_wait(*(int *)arg, &ev, 1, -1), 1);
    CHECK_EQ(ev.data.u32, 9);
    return NULL;
}

static void *closed(void *arg)
{
    struct epoll_event ev;
    int copy = dup(end[0]);
    CHECK_EQ(write(end[1], "x", 1), 1);
    close(end[0]);
    CHECK_EQ(epoll_wait(ep, &ev, 1, 0), 1);
    CHECK_EQ(ev.data.u32, 5);
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_DEL, end[0], NULL), EBADF);
    close(copy);
    CHECK_EQ(epoll_wait(ep, &ev, 1, 20), 0);
    return arg;
}

int main(void)
{
    struct epoll_event ev = {EPOLLIN, {.u32 = 5}};
    alarm(20);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    ep = epoll_create1(0);
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, end[0], &ev), 0);
    gate_open(&gate, "select");
    pthread_t t = spawn(poll_the_epoll, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(write(end[1], "x", 1), 1);
    join(t);
    OK("poll waits for an epoll descriptor");

    int outer = epoll_create1(0);
    ev.data.u32 = 9;
    CHECK_EQ(epoll_ctl(outer, EPOLL_CTL_ADD, ep, &ev), 0);
    gate_open(&gate, "select");
    t = spawn(wait_outer, &outer);
    until_asleep(&gate, 1);
    CHECK_EQ(write(end[1], "x", 1), 1);
    join(t);
    char c;
    CHECK_EQ(read(end[0], &c, 1), 1);
    must_have_parked("select", 2);
    OK("epoll_wait waits for an epoll descriptor");

    join(spawn(closed, NULL));
    OK("a closed descriptor is reported while a dup lives, and then no more");
}
