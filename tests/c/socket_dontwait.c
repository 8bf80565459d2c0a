/* MSG_DONTWAIT makes one call non-blocking: EAGAIN when nothing is there, the
 * part that fits when sending. Must not change: the socket's own mode, and
 * the call without the flag right after it, which waits. */
#include "asleep.h"

static int end[2];
static struct gate gate;

static void *waits(void *arg)
{
    char c;
    (void)arg;
    enter(&gate);
    for (int i = 0; i < 3; i++)
        CHECK_ERRNO(recv(end[0], &c, 1, MSG_DONTWAIT), EAGAIN);
    CHECK_ERRNO(recvfrom(end[0], &c, 1, MSG_DONTWAIT, NULL, NULL), EAGAIN);
    struct msghdr m = {.msg_iovlen = 0};
    CHECK_ERRNO(recvmsg(end[0], &m, MSG_DONTWAIT), EAGAIN);
    CHECK_EQ(fcntl(end[0], F_GETFL), O_RDWR);
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    return NULL;
}

int main(void)
{
    static char block[1 << 16];
    alarm(20);
    tcp_pair(end);
    gate_open(&gate, "socket");
    pthread_t t = spawn(waits, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(send(end[1], "x", 1, MSG_DONTWAIT), 1);
    join(t);
    must_have_parked("socket", 1);
    OK("MSG_DONTWAIT counts for its call only");

    long long sent = 0, got = 0;
    for (ssize_t n; (n = send(end[0], block, sizeof block, MSG_DONTWAIT)) > 0;)
        sent += n;
    CHECK_EQ(errno, EAGAIN);
    CHECK(sent > 0);
    close(end[0]);
    for (ssize_t n; (n = recv(end[1], block, sizeof block, 0)) > 0;)
        got += n;
    CHECK_EQ(got, sent);
    OK("what MSG_DONTWAIT said it sent has arrived");
}
