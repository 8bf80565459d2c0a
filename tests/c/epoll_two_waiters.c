/* Eight threads wait in epoll_wait on one epoll descriptor with one-shot
 * registrations: each event goes to exactly one of them, as thread pools need.
 * Must not change: no event is lost in a burst, no waiter is left behind. */
#include "asleep.h"
#include <sys/epoll.h>

enum { THREADS = 8, SOCKETS = 40, ROUNDS = 50 };
static int ep, end[SOCKETS][2], stop[2];
static atomic_int inside[SOCKETS];
static struct gate gate;

static void *pool_thread(void *arg)
{
    enter(&gate);
    for (;;) {
        struct epoll_event ev;
        char c;
        CHECK_EQ(epoll_wait(ep, &ev, 1, -1), 1);
        if (ev.data.u32 == SOCKETS)
            return arg;
        uint32_t i = ev.data.u32;
        CHECK_EQ(atomic_fetch_add(&inside[i], 1), 0);
        CHECK_EQ(recv(end[i][0], &c, 1, 0), 1);
        CHECK_EQ(send(end[i][0], &c, 1, 0), 1);
        CHECK_EQ(atomic_fetch_sub(&inside[i], 1), 1);
        ev = (struct epoll_event){EPOLLIN | EPOLLONESHOT, {.u32 = i}};
        CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_MOD, end[i][0], &ev), 0);
    }
}

int main(void)
{
    pthread_t t[THREADS];
    alarm(20);
    ep = epoll_create1(0);
    for (uint32_t i = 0; i < SOCKETS; i++) {
        struct epoll_event ev = {EPOLLIN | EPOLLONESHOT, {.u32 = i}};
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end[i]), 0);
        CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, end[i][0], &ev), 0);
    }
    gate_open(&gate, "select");
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(pool_thread, NULL);
    until_asleep(&gate, THREADS);
    for (int round = 0; round < ROUNDS; round++) {
        char c;
        for (int i = 0; i < SOCKETS; i++)
            CHECK_EQ(send(end[i][1], &(char){(char)(round + i)}, 1, 0), 1);
        for (int i = 0; i < SOCKETS; i++) {
            CHECK_EQ(recv(end[i][1], &c, 1, 0), 1);
            CHECK_EQ(c, (char)(round + i));
        }
    }
    OK("%d x %d events, each handled once", ROUNDS, SOCKETS);

    struct epoll_event ev = {EPOLLIN, {.u32 = SOCKETS}};
    CHECK_EQ(pipe(stop), 0);
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, stop[0], &ev), 0);
    CHECK_EQ(write(stop[1], "x", 1), 1); /* stays: level-triggered, for all */
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    must_have_parked("select", THREADS);
    OK("a level-triggered event reaches every waiter");
}
