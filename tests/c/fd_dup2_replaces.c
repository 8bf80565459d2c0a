/* dup2 and dup3 close what they replace: the peer of a socket
 * sees the end, the writer of a pipe EPIPE, though nobody called close. Must
 * not change: the mode of the source, which the number now has. */
#include "util.h"

static void *story(void *arg)
{
    int a[2], b[2], p[2];
    char c;
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, b), 0);
    CHECK_EQ(dup2(b[0], a[0]), a[0]);
    CHECK_EQ(recv(a[1], &c, 1, 0), 0);
    CHECK_EQ(fcntl(a[0], F_GETFL), O_RDWR | O_NONBLOCK);
    CHECK_ERRNO(recv(a[0], &c, 1, 0), EAGAIN);
    CHECK_EQ(send(b[1], "x", 1, 0), 1);
    CHECK_EQ(recv(a[0], &c, 1, 0), 1);
    OK("dup2 over a socket: its peer sees the end, the number is the other's");

    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(dup3(b[1], p[0], O_CLOEXEC), p[0]);
    CHECK_EQ(fcntl(p[0], F_GETFD), FD_CLOEXEC);
    CHECK_ERRNO(write(p[1], "x", 1), EPIPE);
    OK("dup3 over a pipe's end: EPIPE for its writer");

    /* The replaced number was a blocking socket before, and is one again. */
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
    CHECK_EQ(dup2(a[0], b[0]), b[0]);
    CHECK_EQ(fcntl(b[0], F_GETFL), O_RDWR);
    CHECK_EQ(send(a[1], "y", 1, 0), 1);
    CHECK_EQ(recv(b[0], &c, 1, 0), 1);
    close(a[0]);
    CHECK_ERRNO(recv(a[1], &c, 1, MSG_DONTWAIT), EAGAIN);
    close(b[0]);
    CHECK_EQ(recv(a[1], &c, 1, 0), 0);
    OK("the last copy closes the socket");
    return arg;
}

int main(void)
{
    alarm(20);
    signal(SIGPIPE, SIG_IGN);
    join(spawn(story, NULL));
}
