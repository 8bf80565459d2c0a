/* Datagrams keep their limits: a short buffer gets the start and loses the
 * rest, MSG_TRUNC tells the real length, a datagram of zero bytes is a receive
 * of zero bytes and not an end. Must not change: the datagram behind it. */
#include "asleep.h"

static struct gate gate;
static int rx;

static void *receiver(void *arg)
{
    char buf[16];
    struct iovec v = {buf, 3};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    (void)arg;
    enter(&gate);
    CHECK_EQ(recv(rx, buf, 3, 0), 3);
    CHECK_EQ(recv(rx, buf, sizeof buf, 0), 2);
    CHECK_EQ(recv(rx, buf, 3, MSG_TRUNC), 10);
    CHECK_EQ(recvmsg(rx, &m, 0), 3);
    CHECK_EQ(m.msg_flags & MSG_TRUNC, MSG_TRUNC);
    CHECK_EQ(recv(rx, NULL, 0, MSG_PEEK | MSG_TRUNC), 10);
    CHECK_EQ(recv(rx, buf, sizeof buf, 0), 10);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(recv(rx, buf, sizeof buf, 0), 0);
    CHECK_EQ(recv(rx, buf, sizeof buf, 0), 3);
    CHECK(memcmp(buf, "end", 3) == 0);
    return NULL;
}

static void story(const char *name, int tx)
{
    static const char *const text[] = {"0123456789", "ab", "0123456789",
                                       "0123456789", "0123456789", "", "", "", "end"};
    gate_open(&gate, "socket");
    unsigned long before = parks("socket");
    pthread_t t = spawn(receiver, NULL);
    until_asleep(&gate, 1);
    for (int i = 0; i < 9; i++)
        CHECK_EQ(send(tx, text[i], strlen(text[i]), 0), strlen(text[i]));
    join(t);
    must_have_parked("socket", before + 1);
    OK("%s: truncated, empty and whole datagrams", name);
}

int main(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET};
    socklen_t len = sizeof addr;
    int end[2];
    alarm(20);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    rx = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_EQ(bind(rx, (struct sockaddr *)&addr, sizeof addr), 0);
    CHECK_EQ(getsockname(rx, (struct sockaddr *)&addr, &len), 0);
    int tx = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_EQ(connect(tx, (struct sockaddr *)&addr, sizeof addr), 0);
    story("udp", tx);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, end), 0);
    rx = end[0];
    story("unix", end[1]);
}
