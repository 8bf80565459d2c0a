/* SO_RCVTIMEO on a listener limits accept: EAGAIN after the time. Must not
 * change: a client that comes in time is accepted. On Linux the connection
 * inherits the listener's limit, and its recv ends with EAGAIN as well. */
#include "asleep.h"

static int l;
static struct gate gate;

static void *acceptor(void *arg)
{
    (void)arg;
    enter(&gate);
    int fd = accept(l, NULL, NULL);
    CHECK(fd >= 0);
    return (void *)(intptr_t)fd;
}

static void *recv_times_out(void *fd)
{
    char c;
    int64_t start = now_ns();
    CHECK_ERRNO(recv(*(int *)fd, &c, 1, 0), EAGAIN);
    CHECK_TIMEO(start, 40);
    return NULL;
}

static void *times_out(void *arg)
{
    struct sockaddr_in peer;
    socklen_t len = sizeof peer;
    (void)arg;
    int64_t start = now_ns();
    CHECK_ERRNO(accept(l, NULL, NULL), EAGAIN);
    CHECK_TIMEO(start, 40);
    start = now_ns();
    CHECK_ERRNO(accept4(l, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC), EAGAIN);
    CHECK_TIMEO(start, 40);
    return NULL;
}

int main(void)
{
    struct sockaddr_in addr;
    struct timeval tv = {0, 40000};
    alarm(20);
    l = listener(&addr);
    CHECK_EQ(setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    join(spawn(times_out, NULL));
    times_out(NULL);
    must_have_parked("socket", 2);
    OK("accept and accept4 end with EAGAIN, not before their time");

    int client = dial(&addr), fd = accept(l, NULL, NULL);
    join(spawn(recv_times_out, &fd));
    must_have_parked("socket", 3);
    OK("the connection inherits the limit");

    tv = (struct timeval){10, 0};
    CHECK_EQ(setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    gate_open(&gate, "socket");
    pthread_t t = spawn(acceptor, NULL);
    until_asleep(&gate, 1);
    client = dial(&addr);
    fd = (int)(intptr_t)join(t);
    char c;
    CHECK_EQ(send(client, "x", 1, 0), 1);
    CHECK_EQ(recv(fd, &c, 1, 0), 1);
    OK("a client in time is accepted");
}
