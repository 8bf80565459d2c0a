/* An epoll descriptor that a child inherits is the same set: the child waits on
 * it in a thread, and what it adds the parent sees. Must not change: events of
 * a file that the child has closed but the parent has not. */
#include "util.h"
#include <sys/epoll.h>

static int ep, end[2];

static void *wait_in_child(void *arg)
{
    struct epoll_event ev;
    CHECK_EQ(epoll_wait(ep, &ev, 1, -1), 1);
    CHECK_EQ(ev.data.u32, 1);
    return arg;
}

static void *wait_in_parent(void *arg)
{
    struct epoll_event ev;
    CHECK_EQ(epoll_wait(ep, &ev, 1, 5000), 1);
    CHECK_EQ(ev.data.u32, 1);
    return arg;
}

int main(void)
{
    struct epoll_event ev = {EPOLLIN, {.u32 = 1}};
    int status;
    alarm(20);
    ep = epoll_create1(0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(10);
        CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, end[0], &ev), 0);
        pthread_t t = spawn(wait_in_child, NULL);
        CHECK_EQ(write(end[1], "x", 1), 1);
        join(t);
        close(end[0]);
        join(spawn(wait_in_child, NULL));
        _exit(0);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    OK("the child waited on the set it inherited");
    join(spawn(wait_in_parent, NULL));
    CHECK_ERRNO(epoll_ctl(ep, EPOLL_CTL_ADD, end[0], &ev), EEXIST);
    OK("the parent sees what the child added");
}
