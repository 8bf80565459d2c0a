/* MSG_WAITALL on a unix stream waits for all, on datagrams it means nothing,
 * with MSG_DONTWAIT it takes what is there. Must not change: one datagram is
 * one receive, however much more was wanted. */
#include "asleep.h"

static int end[2];
static struct gate gate;

static void *want_eight(void *arg)
{
    char buf[16] = "";
    ssize_t *n = arg;
    enter(&gate);
    *n = recv(end[0], buf, 8, MSG_WAITALL);
    CHECK(memcmp(buf, "abcdefgh", (size_t)*n) == 0);
    return NULL;
}

int main(void)
{
    char buf[16];
    ssize_t n;
    alarm(20);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    gate_open(&gate, "socket");
    pthread_t t = spawn(want_eight, &n);
    until_asleep(&gate, 1);
    CHECK_EQ(send(end[1], "abcd", 4, 0), 4);
    sleep_ms(5);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(send(end[1], "efgh", 4, 0), 4);
    join(t);
    CHECK_EQ(n, 8);
    must_have_parked("socket", 1);
    OK("unix stream: MSG_WAITALL waits for all");

    CHECK_EQ(send(end[1], "abc", 3, 0), 3);
    CHECK_EQ(recv(end[0], buf, 8, MSG_WAITALL | MSG_DONTWAIT), 3);
    CHECK_ERRNO(recv(end[0], buf, 8, MSG_WAITALL | MSG_DONTWAIT), EAGAIN);
    OK("with MSG_DONTWAIT it takes what is there");

    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, end), 0);
    gate_open(&gate, "socket");
    t = spawn(want_eight, &n);
    until_asleep(&gate, 1);
    CHECK_EQ(send(end[1], "abc", 3, 0), 3);
    join(t);
    CHECK_EQ(n, 3);
    OK("datagrams: one is enough");
}
