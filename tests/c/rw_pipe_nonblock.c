/* O_NONBLOCK of a pipe, by pipe2, fcntl or FIONBIO: a read of nothing is
 * EAGAIN, a write that does not fit is partial, or EAGAIN when it is no longer
 * than PIPE_BUF. Must not change: the other end keeps its own mode. */
#include "asleep.h"
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

static int p[2];
static struct gate gate;

static void *story(void *arg)
{
    static char block[1 << 20];
    char c;
    int on = 1, off = 0, bytes;
    CHECK_EQ(pipe2(p, O_NONBLOCK | O_CLOEXEC), 0);
    CHECK_EQ(fcntl(p[0], F_GETFD), FD_CLOEXEC);
    CHECK_ERRNO(read(p[0], &c, 1), EAGAIN);
    CHECK_ERRNO(readv(p[0], &(struct iovec){&c, 1}, 1), EAGAIN);
    OK("pipe2(O_NONBLOCK): EAGAIN when empty");

    ssize_t part = write(p[1], block, sizeof block);
    CHECK(part > 0 && part < (ssize_t)sizeof block);
    CHECK_EQ(ioctl(p[0], FIONREAD, &bytes), 0);
    CHECK_EQ(bytes, part);
    CHECK_ERRNO(write(p[1], block, 1), EAGAIN);
    CHECK_EQ(read(p[0], block, PIPE_BUF - 1), PIPE_BUF - 1);
    CHECK_ERRNO(write(p[1], block, PIPE_BUF), EAGAIN);
    OK("a long write is partial, one of PIPE_BUF is whole or EAGAIN");
    close(p[0]), close(p[1]);

    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(ioctl(p[0], FIONBIO, &on), 0);
    CHECK_ERRNO(read(p[0], &c, 1), EAGAIN);
    CHECK_EQ(fcntl(p[1], F_GETFL), O_WRONLY);
    CHECK_EQ(ioctl(p[0], FIONBIO, &off), 0);
    CHECK_EQ(write(p[1], "x", 1), 1);
    CHECK_EQ(read(p[0], &c, 1), 1);
    enter(&gate);
    CHECK_EQ(read(p[0], &c, 1), 1);
    OK("FIONBIO on and off; the writing end has its own mode");
    CHECK_ERRNO(preadv2(p[0], &(struct iovec){&c, 1}, 1, -1, RWF_NOWAIT), EAGAIN);
    OK("RWF_NOWAIT is the program's own wish");
    return arg;
}

int main(void)
{
    alarm(20);
    gate_open(&gate, "rw");
    pthread_t t = spawn(story, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(write(p[1], "y", 1), 1);
    join(t);
    must_have_parked("rw", 1);
}
