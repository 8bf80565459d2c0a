/* MSG_PEEK waits as a read does and leaves the data: a peek, another one, poll
 * and the real read all see the same bytes. Must not change: readiness. A peek
 * that took all there is must not make the next read wait. */
#include "asleep.h"

static int end[2];
static struct gate gate;

static void *peeker(void *arg)
{
    char buf[16] = "";
    struct pollfd p = {.fd = end[0], .events = POLLIN};
    (void)arg;
    enter(&gate);
    CHECK_EQ(recv(end[0], buf, sizeof buf, MSG_PEEK), 5);
    CHECK_EQ(recv(end[0], buf, 2, MSG_PEEK), 2);
    CHECK_EQ(recv(end[0], buf, sizeof buf, MSG_PEEK), 5);
    CHECK_EQ(poll(&p, 1, -1), 1);
    memset(buf, 0, sizeof buf);
    CHECK_EQ(recv(end[0], buf, 2, 0), 2);
    CHECK_EQ(recv(end[0], buf + 2, 14, MSG_PEEK), 3);
    CHECK_EQ(read(end[0], buf + 2, 14), 3);
    CHECK(strcmp(buf, "hello") == 0);
    return NULL;
}

/* The classic echo of a TLS or protocol sniffer: peek one byte, then read. */
static void *sniffer(void *arg)
{
    char c, buf[64];
    (void)arg;
    for (int round = 0; round < 200; round++) {
        CHECK_EQ(recv(end[0], &c, 1, MSG_PEEK), 1);
        CHECK_EQ(c, (char)round);
        CHECK_EQ(recv(end[0], buf, sizeof buf, 0), 3);
        CHECK_EQ(buf[0], (char)round);
        CHECK_EQ(send(end[0], buf, 1, 0), 1);
    }
    CHECK_EQ(recv(end[0], &c, 1, MSG_PEEK), 0);
    CHECK_EQ(recv(end[0], &c, 1, 0), 0);
    return NULL;
}

int main(void)
{
    alarm(20);
    tcp_pair(end);
    gate_open(&gate, "socket");
    pthread_t t = spawn(peeker, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(send(end[1], "hello", 5, 0), 5);
    join(t);
    must_have_parked("socket", 1);
    OK("peeks leave the data and the readiness");

    t = spawn(sniffer, NULL);
    for (int round = 0; round < 200; round++) {
        char c, out[3] = {(char)round, 'a', 'b'};
        CHECK_EQ(send(end[1], out, 3, 0), 3);
        CHECK_EQ(recv(end[1], &c, 1, 0), 1);
        CHECK_EQ(c, (char)round);
    }
    close(end[1]);
    join(t);
    OK("200 rounds of peek, then read; a peek sees the end too");
}
