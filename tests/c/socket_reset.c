/* A peer that closes with SO_LINGER 0 resets the connection: a waiting receive
 * fails with ECONNRESET, once; then comes the end of file, and a send is
 * EPIPE. Must not change: data that was received before the reset is lost to
 * nobody who read it, and SO_ERROR is cleared by the failed call. */
#include "asleep.h"

static int end[2];
static struct gate gate;

static void *reader(void *arg)
{
    char buf[8];
    int err;
    socklen_t len = sizeof err;
    (void)arg;
    CHECK_EQ(recv(end[0], buf, 3, MSG_WAITALL), 3);
    enter(&gate);
    CHECK_ERRNO(recv(end[0], buf, sizeof buf, 0), ECONNRESET);
    CHECK_EQ(getsockopt(end[0], SOL_SOCKET, SO_ERROR, &err, &len), 0);
    CHECK_EQ(err, 0);
    CHECK_EQ(recv(end[0], buf, sizeof buf, 0), 0);
    CHECK_ERRNO(send(end[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    return NULL;
}

static void *writer(void *arg)
{
    static char block[1 << 16];
    ssize_t n;
    (void)arg;
    enter(&gate);
    do
        n = send(end[0], block, sizeof block, MSG_NOSIGNAL);
    while (n > 0);
    CHECK_EQ(errno, ECONNRESET);
    CHECK_ERRNO(send(end[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    return NULL;
}

static void reset_peer(void)
{
    struct linger now = {1, 0};
    CHECK_EQ(setsockopt(end[1], SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    close(end[1]);
}

int main(void)
{
    alarm(20);
    tcp_pair(end);
    gate_open(&gate, "socket");
    CHECK_EQ(send(end[1], "abc", 3, 0), 3);
    pthread_t t = spawn(reader, NULL);
    until_asleep(&gate, 1);
    reset_peer();
    join(t);
    must_have_parked("socket", 1);
    OK("a waiting recv: ECONNRESET once, then end of file, then EPIPE");

    tcp_pair(end);
    gate_open(&gate, "socket");
    t = spawn(writer, NULL);
    until_asleep(&gate, 1);
    sleep_ms(20);
    reset_peer();
    join(t);
    must_have_parked("socket", 2);
    OK("a waiting send: ECONNRESET, then EPIPE");
}
