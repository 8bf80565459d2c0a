/* recvmmsg and sendmmsg: one of no messages still asks for the socket, an error
 * that is pending comes before what is wrong with the messages, and one that
 * ends a call which got some is left for the next call. Lengths that can't be
 * written are EFAULT. */
#include "util.h"
#include <sys/mman.h>
#include <sys/uio.h>

static char data[2][8];
static struct iovec part[2] = {{data[0], 8}, {data[1], 8}};
static struct mmsghdr msg[2] = {{{.msg_iov = &part[0], .msg_iovlen = 1}, 0},
                                {{.msg_iov = &part[1], .msg_iovlen = 1}, 0}};

static void *of_none(void *arg)
{
    int p[2];
    CHECK_EQ(pipe(p), 0);
    CHECK_ERRNO(recvmmsg(p[0], msg, 0, 0, NULL), ENOTSOCK);
    CHECK_ERRNO(sendmmsg(p[1], msg, 0, 0), ENOTSOCK);
    CHECK_ERRNO(recvmmsg(999, msg, 0, 0, NULL), EBADF);
    CHECK_ERRNO(sendmmsg(999, msg, 0, 0), EBADF);
    return arg;
}

/* A UDP socket that has been told that nobody is at the other end. */
static int refused(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    socklen_t len = sizeof addr;
    int other = socket(AF_INET, SOCK_DGRAM, 0), fd = socket(AF_INET, SOCK_DGRAM, 0);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(bind(other, (struct sockaddr *)&addr, len), 0);
    CHECK_EQ(getsockname(other, (struct sockaddr *)&addr, &len), 0);
    CHECK_EQ(connect(fd, (struct sockaddr *)&addr, len), 0);
    close(other);
    CHECK_EQ(send(fd, "x", 1, 0), 1);
    return fd;
}

static void *pending(void *arg)
{
    CHECK_ERRNO(recvmmsg(refused(), msg, 0, 0, NULL), ECONNREFUSED);
    CHECK_ERRNO(recvmmsg(refused(), NULL, 2, 0, NULL), ECONNREFUSED);
    return arg;
}

static void *kept(void *arg)
{
    int *end = arg;
    part[1].iov_base = (void *)16;
    CHECK_EQ(recvmmsg(end[0], msg, 2, 0, NULL), 1);
    CHECK_EQ(msg[0].msg_len, 3);
    part[1].iov_base = data[1];
    CHECK_ERRNO(recv(end[0], data[0], 8, 0), EFAULT);
    CHECK_EQ(send(end[1], "three", 5, 0), 5);
    CHECK_EQ(recv(end[0], data[0], 8, 0), 5);
    return arg;
}

static void *into_nothing(void *arg)
{
    int *end = arg;
    struct mmsghdr *fixed = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(fixed, msg, sizeof msg);
    CHECK_EQ(mprotect(fixed, 4096, PROT_READ), 0);
    CHECK_ERRNO(sendmmsg(end[1], fixed, 2, 0), EFAULT);
    CHECK_EQ(recv(end[0], data[0], 8, MSG_DONTWAIT), 8);
    CHECK_ERRNO(recv(end[0], data[0], 8, MSG_DONTWAIT), EAGAIN);
    return arg;
}

int main(void)
{
    int end[2];
    alarm(20);
    join(spawn(of_none, NULL));
    OK("of no messages: ENOTSOCK and EBADF all the same");
    join(spawn(pending, NULL));
    OK("a pending error comes first");
    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, end), 0);
    CHECK_EQ(send(end[1], "one", 3, 0), 3);
    CHECK_EQ(send(end[1], "two", 3, 0), 3);
    join(spawn(kept, end));
    OK("an error after a message is the next call's");
    join(spawn(into_nothing, end));
    OK("a length that can't be written: the message is sent, EFAULT");
}
