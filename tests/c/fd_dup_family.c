/* dup, dup2, dup3, F_DUPFD, F_DUPFD_CLOEXEC: return values, flags and errors,
 * dup2 of a number on itself included. Must not change: a dup shares the open
 * file, so data can be read from either, and the peer sees no end until the
 * last one is closed. */
#include "asleep.h"

static int end[2];
static struct gate gate;

static void *waiter(void *arg)
{
    char c;
    enter(&gate);
    CHECK_EQ(recv(*(int *)arg, &c, 1, 0), 1);
    return NULL;
}

static void *story(void *arg)
{
    int fd = end[0], high;
    CHECK_EQ(dup2(fd, fd), fd);
    CHECK_ERRNO(dup2(-1, -1), EBADF);
    CHECK_ERRNO(dup2(999, 999), EBADF);
    CHECK_ERRNO(dup2(999, fd), EBADF);
    CHECK_EQ(fcntl(fd, F_GETFD), 0);
    CHECK_ERRNO(dup3(fd, fd, 0), EINVAL);
    CHECK_ERRNO(dup3(fd, 500, 1), EINVAL);
    CHECK_ERRNO(dup2(fd, -1), EBADF);
    CHECK_ERRNO(dup2(fd, 1 << 30), EBADF);
    CHECK_ERRNO(fcntl(fd, F_DUPFD, -1), EINVAL);
    CHECK_ERRNO(close(999), EBADF);
    CHECK_EQ(dup3(fd, 500, O_CLOEXEC), 500);
    CHECK_EQ(fcntl(500, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(fd, F_DUPFD_CLOEXEC, 500), 501);
    CHECK_EQ(fcntl(501, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(high = fcntl(fd, F_DUPFD, 700), 700);
    CHECK_EQ(fcntl(high, F_GETFD), 0);
    CHECK_EQ(dup2(501, 500), 500);
    CHECK_EQ(fcntl(500, F_GETFD), 0);
    close(500), close(501);
    return arg;
}

int main(void)
{
    char c;
    alarm(20);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    story(NULL);
    close(700);
    join(spawn(story, NULL));
    OK("numbers, flags and errors");

    int fd[2] = {end[0], 700};
    gate_open(&gate, "socket");
    pthread_t t = spawn(waiter, &fd[0]), u = spawn(waiter, &fd[1]);
    until_asleep(&gate, 2);
    CHECK_EQ(send(end[1], "ab", 2, 0), 2);
    join(t), join(u);
    OK("two threads waited on two descriptors of one socket");

    gate_open(&gate, "socket");
    t = spawn(waiter, &fd[1]);
    until_asleep(&gate, 1);
    close(end[0]);
    CHECK_ERRNO(recv(end[1], &c, 1, MSG_DONTWAIT), EAGAIN);
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    join(t);
    OK("one closed: the other goes on");
    close(700);
    CHECK_EQ(recv(end[1], &c, 1, 0), 0);
    must_have_parked("socket", 3);
    OK("both closed: the peer sees the end");
}
