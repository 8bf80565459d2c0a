/* A unix datagram sent to a receiver whose queue is full waits until there is
 * room; so does a sequenced packet. Must not change: the order and the limits
 * of messages; a receiver that closes ends the wait with an error. */
#include "asleep.h"
#include <sys/un.h>

static int tx, extra;
static struct gate gate;

static void *sender(void *arg)
{
    enter(&gate);
    for (int i = 0; i < extra; i++)
        CHECK_EQ(send(tx, &i, sizeof i, 0), sizeof i);
    return arg;
}

static void *doomed(void *arg)
{
    enter(&gate);
    CHECK_ERRNO(send(tx, "x", 1, MSG_NOSIGNAL), *(int *)arg);
    return NULL;
}

static int fill(void)
{
    int n = 0, mark = -1;
    while (send(tx, &mark, sizeof mark, MSG_DONTWAIT) == sizeof mark)
        n++;
    CHECK_EQ(errno, EAGAIN);
    CHECK(n > 0);
    return n;
}

static void story(const char *name, int rx, int error)
{
    int got, full = fill();
    extra = 500;
    gate_open(&gate, "socket");
    pthread_t t = spawn(sender, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    for (int i = -full; i < extra; i++) {
        CHECK_EQ(recv(rx, &got, sizeof got, 0), sizeof got);
        CHECK_EQ(got, i < 0 ? -1 : i);
    }
    join(t);
    OK("%s: a full queue is waited for, the order is kept", name);

    fill();
    gate_open(&gate, "socket");
    t = spawn(doomed, &error);
    until_asleep(&gate, 1);
    close(rx);
    join(t);
    must_have_parked("socket", 2);
    OK("%s: the receiver closes, the wait ends", name);
}

int main(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    socklen_t len = sizeof name;
    int end[2];
    alarm(20);
    int rx = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK_EQ(bind(rx, (struct sockaddr *)&name, sizeof(sa_family_t)), 0);
    CHECK_EQ(getsockname(rx, (struct sockaddr *)&name, &len), 0);
    tx = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK_EQ(connect(tx, (struct sockaddr *)&name, len), 0);
    story("datagram", rx, ECONNREFUSED);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, end), 0);
    tx = end[1];
    story("seqpacket", end[0], ECONNRESET);
}
