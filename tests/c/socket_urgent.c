/* Urgent data: a plain recv stops at the mark and does not deliver the urgent
 * byte, MSG_OOB fetches it, poll reports POLLPRI, sockatmark finds the mark.
 * Must not change: bytes before and after it; MSG_OOB never waits. */
#include "asleep.h"

static int end[2];
static struct gate gate;

static void *receiver(void *arg)
{
    char buf[16];
    struct pollfd p = {.fd = end[0], .events = POLLPRI};
    (void)arg;
    CHECK_ERRNO(recv(end[0], buf, 1, MSG_OOB), EINVAL);
    enter(&gate);
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLPRI);
    CHECK_EQ(sockatmark(end[0]), 0);
    CHECK_EQ(recv(end[0], buf, sizeof buf, 0), 3);
    CHECK(memcmp(buf, "abc", 3) == 0);
    CHECK_EQ(sockatmark(end[0]), 1);
    CHECK_EQ(recv(end[0], buf, 1, MSG_OOB), 1);
    CHECK_EQ(buf[0], '!');
    CHECK_ERRNO(recv(end[0], buf, 1, MSG_OOB), EINVAL);
    CHECK_EQ(send(end[0], "go", 2, 0), 2);
    CHECK_EQ(recv(end[0], buf, sizeof buf, 0), 3);
    CHECK(memcmp(buf, "def", 3) == 0);
    CHECK_EQ(sockatmark(end[0]), 0);
    return NULL;
}

int main(void)
{
    char go[2];
    alarm(20);
    tcp_pair(end);
    gate_open(&gate, "select");
    pthread_t t = spawn(receiver, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(send(end[1], "abc!", 4, MSG_OOB), 4);
    recv_all(end[1], go, 2);
    CHECK_EQ(send(end[1], "def", 3, 0), 3);
    join(t);
    must_have_parked("select", 1);
    OK("a recv stops at the mark, MSG_OOB gets the byte, POLLPRI tells");
}
