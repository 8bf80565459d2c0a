/* A poll of some files takes what it tells: that a mount has come, that the name
 * of the host has changed. poll, select and epoll, a set in a set, too, tell the
 * thread that waits. */
#include "asleep.h"
#include <sched.h>
#include <sys/epoll.h>
#include <sys/select.h>

enum { POLL, SELECT, EPOLL, EPOLL_IN_EPOLL, EPOLL_COPY, WAYS };

static int name_fd;
static atomic_int waits[WAYS];

static int set_of(int member, uint32_t events)
{
    struct epoll_event e = {.events = events};
    int ep = epoll_create1(0);
    CHECK(ep >= 0);
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, member, &e), 0);
    return ep;
}

static int wait_for(int way, int ms)
{
    static int set, outer, copy;
    struct pollfd p = {.fd = name_fd, .events = POLLPRI};
    struct timeval tv = {ms / 1000, ms % 1000 * 1000};
    struct epoll_event e;
    fd_set except;
    if (!set) {
        set = set_of(name_fd, EPOLLPRI);
        outer = set_of(set, EPOLLIN);
        copy = dup(set);
    }
    switch (way) {
    case POLL:
        return poll(&p, 1, ms);
    case SELECT:
        FD_ZERO(&except);
        FD_SET(name_fd, &except);
        return select(name_fd + 1, NULL, NULL, &except, &tv);
    default:
        return epoll_wait(way == EPOLL ? set : way == EPOLL_COPY ? copy : outer, &e, 1, ms);
    }
}

static void *story(void *arg)
{
    for (int way = 0; way < WAYS; way++) {
        for (int other = 0; other < WAYS; other++)
            while (wait_for(other, 0) > 0)
                ;
        waits[way] = 1;
        CHECK_EQ(wait_for(way, 5000), 1);
    }
    OK("each is told");
    return arg;
}

int main(void)
{
    alarm(40);
    if (unshare(CLONE_NEWUTS) == -1 && unshare(CLONE_NEWUSER | CLONE_NEWUTS) == -1) {
        OK("each is told");
        return 0;
    }
    name_fd = open("/proc/sys/kernel/hostname", O_RDONLY);
    CHECK(name_fd >= 0);
    pthread_t t = spawn(story, NULL);
    for (int way = 0; way < WAYS; way++) {
        while (!waits[way])
            sleep_ms(1);
        sleep_ms(50);
        CHECK_EQ(sethostname(way & 1 ? "odd" : "even", 3), 0);
    }
    join(t);
}
