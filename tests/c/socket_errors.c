/* Calls that can't succeed fail at once in a thread as in main: EBADF,
 * ENOTSOCK, ENOTCONN, EFAULT, EINVAL, EDESTADDRREQ, EMSGSIZE. Must not change:
 * none of them waits, even though nothing is there to read. */
#include "util.h"
#include <sys/uio.h>

/* Not constants, or the compiler itself objects. */
static volatile int minus_one = -1, too_many = 1025;

static void *story(void *arg)
{
    char c = 0, *nowhere = (char *)8;
    int end[2], p[2];
    static char huge[70000];
    struct iovec v = {&c, 1}, wild = {nowhere, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};

    CHECK_ERRNO(recv(-1, &c, 1, 0), EBADF);
    CHECK_ERRNO(read(999, &c, 1), EBADF);
    CHECK_ERRNO(write(-1, &c, 1), EBADF);
    CHECK_ERRNO(sendmsg(1 << 30, &m, 0), EBADF);

    CHECK_EQ(pipe(p), 0);
    CHECK_ERRNO(recv(p[0], &c, 1, 0), ENOTSOCK);
    CHECK_ERRNO(send(p[1], &c, 1, 0), ENOTSOCK);
    CHECK_ERRNO(read(p[1], &c, 1), EBADF);
    CHECK_ERRNO(write(p[0], &c, 1), EBADF);

    int tcp = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_ERRNO(recv(tcp, &c, 1, 0), ENOTCONN);
    CHECK_ERRNO(read(tcp, &c, 1), ENOTCONN);
    CHECK_ERRNO(send(tcp, &c, 1, MSG_NOSIGNAL), EPIPE);
    CHECK_ERRNO(shutdown(tcp, SHUT_WR), ENOTCONN);
    int udp = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_ERRNO(send(udp, &c, 1, 0), EDESTADDRREQ);

    tcp_pair(end);
    CHECK_ERRNO(recv(end[0], &c, 1, MSG_OOB), EINVAL);
    CHECK_ERRNO(recv(end[0], &c, 1, MSG_ERRQUEUE), EAGAIN);
    CHECK_ERRNO(readv(end[0], &v, minus_one), EINVAL);
    CHECK_ERRNO(readv(end[0], &v, too_many), EINVAL);
    CHECK_ERRNO(preadv2(end[0], &v, 1, 0, 0), ESPIPE);
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    CHECK_ERRNO(recv(end[0], nowhere, 1, 0), EFAULT);
    CHECK_ERRNO(readv(end[0], &wild, 1), EFAULT);
    CHECK_ERRNO(recvmsg(end[0], (struct msghdr *)nowhere, 0), EFAULT);
    CHECK_ERRNO(send(end[1], nowhere, 1, 0), EFAULT);
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    CHECK_EQ(c, 'x');

    CHECK_EQ(socketpair(AF_INET, SOCK_STREAM, 0, end), -1);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_ERRNO(sendto(udp, huge, sizeof huge, 0, (struct sockaddr *)&to, sizeof to),
                EMSGSIZE);
    return arg;
}

int main(void)
{
    alarm(20);
    story(NULL);
    OK("main: every call fails at once with its errno");
    join(spawn(story, NULL));
    OK("a thread: the same");
}
