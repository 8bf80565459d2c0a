/* A client that resets its connection before it is accepted: accept still
 * returns it on Linux, and the reset is what its first recv reports. Must not
 * change: the connections before and behind it in the queue. */
#include "util.h"

static struct sockaddr_in addr;
static int l;

static void *server(void *arg)
{
    char c;
    int fd[3];
    for (int i = 0; i < 3; i++)
        CHECK((fd[i] = accept(l, NULL, NULL)) >= 0);
    CHECK_EQ(recv(fd[0], &c, 1, 0), 1);
    CHECK_ERRNO(recv(fd[1], &c, 1, 0), ECONNRESET);
    CHECK_EQ(recv(fd[1], &c, 1, 0), 0);
    CHECK_EQ(recv(fd[2], &c, 1, 0), 1);
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;
    CHECK_ERRNO(getpeername(fd[1], (struct sockaddr *)&peer, &len), ENOTCONN);
    return arg;
}

int main(void)
{
    struct linger now = {1, 0};
    alarm(20);
    l = listener(&addr);
    int first = dial(&addr), aborted = dial(&addr), last = dial(&addr);
    CHECK_EQ(setsockopt(aborted, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    close(aborted);
    CHECK_EQ(send(first, "x", 1, 0), 1);
    CHECK_EQ(send(last, "x", 1, 0), 1);
    join(spawn(server, NULL));
    OK("an aborted connection is accepted, and reset at its first recv");
}
