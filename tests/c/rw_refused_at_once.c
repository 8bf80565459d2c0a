/* A transfer whose buffer or vector can't be the program's is refused at once, and one of nothing is nothing, whatever the
 * descriptor is and however it would wait. */
/* cflags: -Wno-stringop-overflow -Wno-stringop-overread -Wno-nonnull */
#include "util.h"
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#define BAD ((void *)8)
static const size_t NEGATIVE = (size_t)-1 - 4095, BEYOND = (size_t)1 << 62;

static void refused(int fd, int err_of_write, int err_of_vector)
{
    static char buf[64];
    struct iovec beyond = {buf, NEGATIVE};
    CHECK_ERRNO(write(fd, buf, NEGATIVE), err_of_write);
    CHECK_ERRNO(write(fd, buf, BEYOND), err_of_write);
    CHECK_ERRNO(writev(fd, &beyond, 1), err_of_vector);
    CHECK_ERRNO(writev(fd, BAD, 1), err_of_write);
}

static void *thread(void *arg)
{
    static char buf[64];
    struct iovec nothing[2] = {{buf, 0}, {buf, 0}}, beyond = {buf, NEGATIVE};
    int pipe_end[2], pair[2], tcp[2], datagram[2];
    CHECK_EQ(pipe(pipe_end), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, datagram), 0);
    tcp_pair(tcp);
    int null = open("/dev/null", O_WRONLY), pty = posix_openpt(O_RDWR | O_NOCTTY);
    refused(pipe_end[1], EFAULT, EINVAL);
    refused(pair[0], EFAULT, EINVAL);
    refused(tcp[0], EFAULT, EINVAL);
    refused(null, EFAULT, EINVAL);
    refused(pty, EFAULT, EINVAL);
    OK("writes");

    /* Files that nobody writes to say so before they look at the vector. */
    int timer = timerfd_create(CLOCK_MONOTONIC, 0), set = epoll_create1(0);
    CHECK_ERRNO(writev(timer, BAD, 1), EINVAL);
    CHECK_ERRNO(writev(set, NULL, 1), EINVAL);
    CHECK_ERRNO(writev(set, BAD, 3), EINVAL);
    OK("writes to what is not written to");

    int waits[] = {pipe_end[0], pair[0], tcp[0], datagram[0]};
    for (int i = 0; i < 4; i++) {
        CHECK_ERRNO(read(waits[i], buf, NEGATIVE), EFAULT);
        CHECK_ERRNO(read(waits[i], buf, BEYOND), EFAULT);
        CHECK_ERRNO(readv(waits[i], &beyond, 1), EINVAL);
        CHECK_ERRNO(readv(waits[i], BAD, 1), EFAULT);
        CHECK_EQ(readv(waits[i], nothing, 2), 0);
    }
    OK("reads");
    CHECK_EQ(writev(datagram[1], nothing, 2), 0);
    CHECK_ERRNO(recv(datagram[0], buf, sizeof buf, MSG_DONTWAIT), EAGAIN);
    OK("a vector of nothing is no datagram");
    return arg;
}

int main(void)
{
    alarm(20);
    join(spawn(thread, NULL));
    return 0;
}
