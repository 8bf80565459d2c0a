/* connect in a thread: to nobody ECONNREFUSED, twice EISCONN, to a bad address
 * EAFNOSUPPORT; non-blocking EINPROGRESS, then poll and SO_ERROR. Must not
 * change: the socket's own mode, and a refused socket can try again. */
#include "asleep.h"

static int so_error(int fd)
{
    int err = -1;
    socklen_t len = sizeof err;
    CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len), 0);
    return err;
}

static void *story(void *arg)
{
    struct sockaddr_in here, nobody;
    socklen_t len = sizeof here;
    (void)arg;
    close(listener(&nobody));
    int l = listener(&here);

    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_ERRNO(connect(fd, (struct sockaddr *)&nobody, len), ECONNREFUSED);
    CHECK_EQ(fcntl(fd, F_GETFL), O_RDWR);
    CHECK_EQ(connect(fd, (struct sockaddr *)&here, len), 0);
    CHECK_EQ(fcntl(fd, F_GETFL), O_RDWR);
    CHECK_ERRNO(connect(fd, (struct sockaddr *)&here, len), EISCONN);
    OK("refused, then connected, then EISCONN, and never non-blocking");

    struct sockaddr_in bad = here;
    bad.sin_family = AF_UNIX;
    fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_ERRNO(connect(fd, (struct sockaddr *)&bad, len), EAFNOSUPPORT);
    CHECK_ERRNO(connect(fd, (struct sockaddr *)&here, 3), EINVAL);
    CHECK_ERRNO(connect(0, (struct sockaddr *)&here, len), ENOTSOCK);
    CHECK_ERRNO(connect(-1, (struct sockaddr *)&here, len), EBADF);
    OK("bad arguments fail as they should");

    for (int refused = 0; refused < 2; refused++) {
        fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        CHECK_ERRNO(connect(fd, (struct sockaddr *)(refused ? &nobody : &here), len),
                    EINPROGRESS);
        CHECK_EQ(poll(&p, 1, 5000), 1);
        CHECK(p.revents & POLLOUT);
        CHECK_EQ(!!(p.revents & POLLERR), refused);
        CHECK_EQ(so_error(fd), refused ? ECONNREFUSED : 0);
        CHECK_EQ(so_error(fd), 0);
        close(fd);
    }
    OK("non-blocking: EINPROGRESS, poll, SO_ERROR");
    close(l);
    return NULL;
}

int main(void)
{
    alarm(20);
    int null = open("/dev/null", O_RDWR);
    CHECK_EQ(dup2(null, 0), 0);
    join(spawn(story, NULL));
}
