/* One poll, select and epoll_wait over a listener, a UDP socket, a pipe, an
 * eventfd, a timerfd and a terminal at once: each wakes it in its turn. Must
 * not change: the others stay as they are. */
#include "asleep.h"
#include <pty.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/timerfd.h>

enum { KINDS = 6 };
static int fd[KINDS], feed[KINDS], ep;
static struct sockaddr_in addr;
static struct gate gate;

static void make(void)
{
    int p[2];
    struct sockaddr_in udp = {.sin_family = AF_INET};
    socklen_t len = sizeof udp;
    fd[0] = listener(&addr);
    fd[1] = socket(AF_INET, SOCK_DGRAM, 0);
    udp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(bind(fd[1], (struct sockaddr *)&udp, len), 0);
    CHECK_EQ(getsockname(fd[1], (struct sockaddr *)&udp, &len), 0);
    feed[1] = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_EQ(connect(feed[1], (struct sockaddr *)&udp, len), 0);
    CHECK_EQ(pipe(p), 0);
    fd[2] = p[0], feed[2] = p[1];
    fd[3] = feed[3] = eventfd(0, 0);
    fd[4] = timerfd_create(CLOCK_MONOTONIC, 0);
    CHECK_EQ(openpty(&feed[5], &fd[5], NULL, NULL, NULL), 0);
    ep = epoll_create1(0);
    for (int i = 0; i < KINDS; i++)
        CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, fd[i],
                           &(struct epoll_event){EPOLLIN, {.fd = i}}), 0);
}

static void make_ready(int i)
{
    struct itimerspec soon = {.it_value = {0, 1000000}};
    if (i == 0)
        dial(&addr);
    else if (i == 4)
        CHECK_EQ(timerfd_settime(fd[4], 0, &soon, NULL), 0);
    else
        CHECK_EQ(write(feed[i], "\n\0\0\0\0\0\0\0", i == 5 ? 1 : 8), i == 5 ? 1 : 8);
}

static void use_up(int i)
{
    char buf[8];
    CHECK(i == 0 ? accept(fd[0], NULL, NULL) > 0 : read(fd[i], buf, 8) > 0);
}

static void *waiter(void *arg)
{
    for (int i = 0; i < 3 * KINDS; i++) {
        struct pollfd p[KINDS];
        struct epoll_event ev;
        fd_set set;
        FD_ZERO(&set);
        for (int k = 0; k < KINDS; k++) {
            p[k] = (struct pollfd){.fd = fd[k], .events = POLLIN};
            FD_SET(fd[k], &set);
        }
        enter(&gate);
        if (i % 3 == 0)
            CHECK_EQ(poll(p, KINDS, -1), 1);
        else if (i % 3 == 1)
            CHECK_EQ(select(FD_SETSIZE, &set, NULL, NULL, NULL), 1);
        else
            CHECK_EQ(epoll_wait(ep, &ev, 1, -1), 1);
        CHECK(i % 3 == 0   ? p[i / 3].revents == POLLIN
              : i % 3 == 1 ? FD_ISSET(fd[i / 3], &set)
                           : ev.data.fd == i / 3);
        use_up(i / 3);
    }
    return arg;
}

int main(void)
{
    alarm(20);
    make();
    gate_open(&gate, "select");
    pthread_t t = spawn(waiter, NULL);
    for (int i = 0; i < 3 * KINDS; i++) {
        until_asleep(&gate, i + 1);
        make_ready(i / 3);
    }
    join(t);
    must_have_parked("select", 3 * KINDS);
    OK("six kinds of descriptors wake poll, select and epoll_wait");
}
