/* Calls that the kernel answers at once, whatever poll says of the descriptor:
 * too few bytes for an event, a file that has nothing to write to, a terminal
 * that gives what is there, arguments that are refused. None waits. */
#include "util.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <termios.h>

static char b[256];

static void events(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    int e = eventfd(0, 0), t = timerfd_create(CLOCK_MONOTONIC, 0), s = signalfd(-1, &set, 0);
    int p = epoll_create1(0);
    CHECK(e >= 0 && t >= 0 && s >= 0 && p >= 0);
    CHECK_ERRNO(read(e, b, 4), EINVAL);
    CHECK_ERRNO(read(t, b, 4), EINVAL);
    CHECK_ERRNO(read(s, b, 127), EINVAL);
    CHECK_ERRNO(write(t, b, 8), EINVAL);
    CHECK_ERRNO(read(p, b, 8), EINVAL);
    OK("too few bytes, nothing to write to, no read at all: EINVAL");
}

static void terminal(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int line = open(ptsname(master), O_RDWR | O_NOCTTY);
    struct termios mode;
    CHECK(line >= 0);
    CHECK_EQ(tcgetattr(line, &mode), 0);
    cfmakeraw(&mode);
    mode.c_cc[VMIN] = mode.c_cc[VTIME] = 0;
    CHECK_EQ(tcsetattr(line, TCSANOW, &mode), 0);
    CHECK_EQ(read(line, b, 1), 0);
    OK("a terminal with VMIN 0: nothing, at once");
    mode.c_cc[VTIME] = 1;
    CHECK_EQ(tcsetattr(line, TCSANOW, &mode), 0);
    CHECK_EQ(read(line, b, 1), 0);
    OK("a terminal with VTIME 1: nothing, after it");
}

static void refused(void)
{
    struct sockaddr_in addr;
    int l = listener(&addr), p[2], q[2], pair[2];
    loff_t at = 0;
    CHECK(pipe(p) == 0 && pipe(q) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK_ERRNO(accept4(l, NULL, NULL, 0x40000000), EINVAL);
    CHECK_ERRNO(splice(p[0], &at, pair[0], NULL, 4, 0), ESPIPE);
    CHECK_ERRNO(splice(pair[0], NULL, pair[1], NULL, 4, 0), EINVAL);
    CHECK_ERRNO(splice(p[0], NULL, p[1], NULL, 4, 0), EINVAL);
    CHECK_ERRNO(splice(p[0], NULL, q[1], NULL, 4, 0xff00), EINVAL);
    CHECK_ERRNO(splice(p[1], NULL, q[1], NULL, 4, 0), EBADF);
    CHECK_EQ(splice(p[0], NULL, q[1], NULL, 0, 0), 0);
    CHECK_ERRNO(tee(p[0], p[1], 4, 0), EINVAL);
    CHECK_EQ(tee(p[0], q[1], 0, 0), 0);
    CHECK_EQ(fcntl(q[1], F_SETFL, O_NONBLOCK), 0);
    CHECK_ERRNO(splice(p[0], NULL, q[1], NULL, 4, 0), EAGAIN);
    OK("what the kernel refuses, or need not wait for");
}

static void *story(void *arg)
{
    events();
    terminal();
    refused();
    return arg;
}

int main(void)
{
    join(spawn(story, NULL));
}
