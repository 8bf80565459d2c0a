/* recvmmsg waits for all its messages, with MSG_WAITFORONE for the first only;
 * its time-out is looked at after each datagram, so that the one that comes
 * after the time ends the call (recvmmsg(2), BUGS). Must not change: the
 * order and the lengths of datagrams, empty ones included. */
#include "asleep.h"

static int rx, tx;
static struct gate gate;
static struct mmsghdr msg[4];
static struct iovec iov[4];
static char buf[4][16];

static void reset(void)
{
    memset(buf, 0, sizeof buf);
    for (int i = 0; i < 4; i++) {
        iov[i] = (struct iovec){buf[i], 16};
        msg[i] = (struct mmsghdr){{.msg_iov = &iov[i], .msg_iovlen = 1}, 0};
    }
}

static void *all_four(void *arg)
{
    (void)arg;
    enter(&gate);
    CHECK_EQ(recvmmsg(rx, msg, 4, 0, NULL), 4);
    return NULL;
}

static void *first_only(void *arg)
{
    (void)arg;
    enter(&gate);
    int n = recvmmsg(rx, msg, 4, MSG_WAITFORONE, NULL);
    CHECK(n >= 1);
    return NULL;
}

static void *late(void *arg)
{
    struct timespec limit = {0, 20 * 1000000};
    (void)arg;
    enter(&gate);
    int64_t start = now_ns();
    CHECK_EQ(recvmmsg(rx, msg, 4, 0, &limit), 1);
    CHECK(now_ns() - start >= 20 * 1000000);
    return NULL;
}

int main(void)
{
    int end[2];
    alarm(20);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, end), 0);
    rx = end[0], tx = end[1];

    gate_open(&gate, "socket");
    reset();
    pthread_t t = spawn(all_four, NULL);
    until_asleep(&gate, 1);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(send(tx, "abc", i, 0), i);
    join(t);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(msg[i].msg_len, i);
    must_have_parked("socket", 1);
    OK("recvmmsg waits for all of its four messages");

    gate_open(&gate, "socket");
    reset();
    t = spawn(first_only, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(send(tx, "one", 3, 0), 3);
    join(t);
    CHECK_EQ(msg[0].msg_len, 3);
    OK("with MSG_WAITFORONE it waits for the first only");

    gate_open(&gate, "socket");
    reset();
    t = spawn(late, NULL);
    until_asleep(&gate, 1);
    sleep_ms(40);
    CHECK_EQ(send(tx, "late", 4, 0), 4);
    join(t);
    CHECK_EQ(msg[0].msg_len, 4);
    OK("its time-out is seen when a datagram has come");
}
