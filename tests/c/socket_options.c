/* Time-outs and marks read back what was set: SO_RCVTIMEO, SO_SNDTIMEO,
 * SO_RCVLOWAT, SO_ERROR, SO_TYPE, SO_ACCEPTCONN, SO_PEERCRED. Must not change:
 * what is set through a dup counts for all; bad values are EDOM or EINVAL. */
#include "util.h"

static int number(int fd, int option)
{
    int v = -1;
    socklen_t len = sizeof v;
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, option, &v, &len), 0);
    CHECK_EQ(len, sizeof v);
    return v;
}

static struct timeval timeo(int fd, int option)
{
    struct timeval tv;
    socklen_t len = sizeof tv;
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, option, &tv, &len), 0);
    CHECK_EQ(len, sizeof tv);
    return tv;
}

static void *story(void *arg)
{
    struct sockaddr_in addr;
    int end[2], l = listener(&addr), low = 7;
    char c;
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    CHECK_EQ(number(end[0], SO_TYPE), SOCK_STREAM);
    CHECK_EQ(number(end[0], SO_ERROR), 0);
    CHECK_EQ(number(end[0], SO_ACCEPTCONN), 0);
    CHECK_EQ(number(l, SO_ACCEPTCONN), 1);
    struct ucred cred;
    socklen_t len = sizeof cred;
    CHECK_EQ(getsockopt(end[0], SOL_SOCKET, SO_PEERCRED, &cred, &len), 0);
    CHECK_EQ(cred.pid, getpid());
    OK("kinds, errors, credentials");

    for (int i = 0; i < 2; i++) {
        int option = i ? SO_SNDTIMEO : SO_RCVTIMEO, copy = dup(end[0]);
        struct timeval tv = {3, 500000}, bad = {1, 1000000}, negative = {-1, 0};
        CHECK_EQ(timeo(end[0], option).tv_sec, 0);
        CHECK_EQ(setsockopt(copy, SOL_SOCKET, option, &tv, sizeof tv), 0);
        close(copy);
        CHECK_EQ(timeo(end[0], option).tv_sec, 3);
        CHECK_EQ(timeo(end[0], option).tv_usec, 500000);
        CHECK_ERRNO(setsockopt(end[0], SOL_SOCKET, option, &bad, sizeof bad), EDOM);
        CHECK_ERRNO(setsockopt(end[0], SOL_SOCKET, option, &tv, 4), EINVAL);
        CHECK_EQ(timeo(end[0], option).tv_sec, 3);
        CHECK_EQ(setsockopt(end[0], SOL_SOCKET, option, &negative, sizeof tv), 0);
        CHECK_EQ(recv(end[0], &c, 1, MSG_DONTWAIT), -1);
    }
    OK("time-outs, set through a dup");

    CHECK_EQ(number(end[0], SO_RCVLOWAT), 1);
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low), 0);
    CHECK_EQ(number(end[0], SO_RCVLOWAT), 7);
    CHECK_EQ(number(end[1], SO_RCVLOWAT), 1);
    CHECK_ERRNO(setsockopt(0, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low), ENOTSOCK);
    OK("low-water marks");
    return arg;
}

int main(void)
{
    alarm(20);
    CHECK_EQ(dup2(open("/dev/null", O_RDWR), 0), 0);
    join(spawn(story, NULL));
}
