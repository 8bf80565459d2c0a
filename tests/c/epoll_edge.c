/* Edge-triggered and one-shot registrations of the program's own keep their
 * meaning: an edge is told once, new data are a new edge, EPOLLONESHOT tells
 * once until it is armed again. Must not change: reads by other threads that
 * wait on the same descriptor. */
#include "asleep.h"
#include <sys/epoll.h>

static int ep, end[2];
static struct gate gate;

static void *edges(void *arg)
{
    struct epoll_event ev;
    char buf[64];
    enter(&gate);
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(epoll_wait(ep, &ev, 1, -1), 1);
        CHECK_EQ(ev.events, EPOLLIN);
        CHECK_EQ(epoll_wait(ep, &ev, 1, 0), 0);
        if (i % 2)
            CHECK(recv(end[0], buf, sizeof buf, MSG_DONTWAIT) > 0);
        CHECK_EQ(send(end[0], "k", 1, 0), 1);
    }
    return arg;
}

static void *one_shot(void *arg)
{
    struct epoll_event ev = {EPOLLIN | EPOLLONESHOT, {.fd = end[0]}};
    char buf[64];
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_MOD, end[0], &ev), 0);
        enter(&gate);
        CHECK_EQ(epoll_wait(ep, &ev, 1, -1), 1);
        CHECK_EQ(send(end[0], "k", 1, 0), 1);
        CHECK_EQ(recv(end[0], buf, 1, 0), 1);
        CHECK_EQ(recv(end[0], buf, 1, 0), 1); /* new data, but not armed */
        CHECK_EQ(epoll_wait(ep, &ev, 1, 0), 0);
        ev = (struct epoll_event){EPOLLIN | EPOLLONESHOT, {.fd = end[0]}};
    }
    return arg;
}

int main(void)
{
    char k;
    alarm(20);
    tcp_pair(end);
    ep = epoll_create(1);
    struct epoll_event ev = {EPOLLIN | EPOLLET, {.fd = end[0]}};
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, end[0], &ev), 0);
    gate_open(&gate, "select");
    pthread_t t = spawn(edges, NULL);
    until_asleep(&gate, 1);
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(send(end[1], "x", 1, 0), 1);
        CHECK_EQ(recv(end[1], &k, 1, 0), 1);
    }
    join(t);
    OK("edge-triggered: each arrival is told once");

    char buf[64];
    while (recv(end[0], buf, sizeof buf, MSG_DONTWAIT) > 0)
        ;
    gate_open(&gate, "select");
    t = spawn(one_shot, NULL);
    for (int i = 1; i <= 3; i++) {
        until_asleep(&gate, i);
        CHECK_EQ(send(end[1], "x", 1, 0), 1);
        CHECK_EQ(recv(end[1], &k, 1, 0), 1);
        CHECK_EQ(send(end[1], "y", 1, 0), 1);
    }
    join(t);
    must_have_parked("select", 2);
    OK("one-shot: told once, until armed again");
}
