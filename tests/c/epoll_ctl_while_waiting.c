/* epoll_ctl by one thread while another waits in epoll_wait: an added or
 * changed descriptor that is ready ends the wait, a deleted one no longer does.
 * Must not change: EEXIST, ENOENT, EBADF, EPERM, EINVAL, ELOOP. */
#include "asleep.h"
#include <sys/epoll.h>

static int ep, end[2];
static struct gate gate;

static void *waiter(void *arg)
{
    struct epoll_event ev;
    enter(&gate);
    CHECK_EQ(epoll_wait(ep, &ev, 1, -1), 1);
    CHECK_EQ(ev.data.u32, *(uint32_t *)arg);
    return NULL;
}

static int ctl(int op, int fd, uint32_t events, uint32_t word)
{
    struct epoll_event ev = {events, {.u32 = word}};
    return epoll_ctl(ep, op, fd, &ev);
}

static void *errors(void *arg)
{
    int file = open("/proc/self/exe", O_RDONLY), other = epoll_create1(0);
    CHECK_EQ(ctl(EPOLL_CTL_ADD, end[0], EPOLLIN, 0), 0);
    CHECK_ERRNO(ctl(EPOLL_CTL_ADD, end[0], EPOLLIN, 0), EEXIST);
    CHECK_EQ(ctl(EPOLL_CTL_DEL, end[0], 0, 0), 0);
    CHECK_ERRNO(ctl(EPOLL_CTL_DEL, end[0], 0, 0), ENOENT);
    CHECK_ERRNO(ctl(EPOLL_CTL_MOD, end[0], EPOLLIN, 0), ENOENT);
    CHECK_ERRNO(ctl(EPOLL_CTL_ADD, 999, EPOLLIN, 0), EBADF);
    CHECK_ERRNO(ctl(EPOLL_CTL_ADD, file, EPOLLIN, 0), EPERM);
    CHECK_ERRNO(ctl(EPOLL_CTL_ADD, ep, EPOLLIN, 0), EINVAL);
    CHECK_ERRNO(ctl(77, end[0], EPOLLIN, 0), EINVAL);
    struct epoll_event ev = {EPOLLIN, {0}};
    CHECK_EQ(ctl(EPOLL_CTL_ADD, other, EPOLLIN, 0), 0);
    CHECK_ERRNO(epoll_ctl(other, EPOLL_CTL_ADD, ep, &ev), ELOOP);
    CHECK_ERRNO(epoll_ctl(file, EPOLL_CTL_ADD, end[0], &ev), EINVAL);
    CHECK_ERRNO(epoll_wait(end[0], &ev, 1, 0), EINVAL);
    CHECK_ERRNO(epoll_wait(999, &ev, 1, -1), EBADF);
    CHECK_ERRNO(epoll_create(0), EINVAL);
    close(other);
    close(file);
    return arg;
}

int main(void)
{
    uint32_t added = 11, changed = 22;
    alarm(20);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    ep = epoll_create1(0);
    join(spawn(errors, NULL));
    OK("bad arguments fail as they should");

    gate_open(&gate, "select");
    pthread_t t = spawn(waiter, &added);
    until_asleep(&gate, 1);
    CHECK_EQ(ctl(EPOLL_CTL_ADD, end[0], EPOLLOUT, added), 0);
    join(t);
    OK("a ready descriptor that is added ends the wait");

    CHECK_EQ(ctl(EPOLL_CTL_MOD, end[0], EPOLLIN, changed), 0);
    gate_open(&gate, "select");
    t = spawn(waiter, &changed);
    until_asleep(&gate, 1);
    CHECK_EQ(ctl(EPOLL_CTL_DEL, end[0], 0, 0), 0);
    CHECK_EQ(write(end[1], "x", 1), 1);
    sleep_ms(10);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(ctl(EPOLL_CTL_ADD, end[0], 0, changed), 0);
    sleep_ms(10);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(ctl(EPOLL_CTL_MOD, end[0], EPOLLIN, changed), 0);
    join(t);
    must_have_parked("select", 2);
    OK("deleted, added without events, changed: only the last ends the wait");
}
