/* close() of a descriptor in a poll of another thread. The poll waits on the
 * open file, so the new owner of the number does not wake it; but when it
 * wakes, Linux looks at the number again: POLLNVAL if it is closed, the new
 * owner's state if it is not. Must not change: after it the file is closed. */
#include "asleep.h"

static int end[2];
static struct gate gate;

static void *poller(void *arg)
{
    struct pollfd p = {.fd = end[0], .events = POLLIN};
    enter(&gate);
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, *(short *)arg);
    return NULL;
}

static pthread_t poll_then_close(short *want)
{
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    gate_open(&gate, "select");
    pthread_t t = spawn(poller, want);
    until_asleep(&gate, 1);
    CHECK_EQ(close(end[0]), 0);
    return t;
}

int main(void)
{
    int other[2];
    short nval = POLLNVAL, in = POLLIN;
    alarm(20);
    pthread_t t = poll_then_close(&nval);
    sleep_ms(10);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(write(end[1], "x", 1), 1);
    join(t);
    CHECK_ERRNO(send(end[1], "x", 1, MSG_NOSIGNAL), EPIPE);
    OK("the file that was closed wakes the poll: POLLNVAL");

    t = poll_then_close(&in);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, other), 0);
    CHECK_EQ(other[0], end[0]);
    CHECK_EQ(write(other[1], "o", 1), 1);
    sleep_ms(20);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    OK("the number's new owner does not wake it");
    CHECK_EQ(write(end[1], "x", 1), 1);
    join(t);
    must_have_parked("select", 2);
    OK("the old file does, and the new owner is what it reports");
}
