/* sendmmsg sends each message as a datagram of its own and tells each length;
 * with a full queue it waits for room, and without waiting it reports how many
 * it sent. Must not change: the order of the datagrams. */
#include "asleep.h"

enum { N = 1000 }; /* more than the send buffer holds */
static int end[2];
static struct gate gate;

static void *sender(void *arg)
{
    static struct mmsghdr msg[N];
    static struct iovec iov[N];
    static int number[N];
    (void)arg;
    for (int i = 0; i < N; i++) {
        number[i] = i;
        iov[i] = (struct iovec){&number[i], sizeof(int)};
        msg[i] = (struct mmsghdr){{.msg_iov = &iov[i], .msg_iovlen = 1}, 0};
    }
    int sent = 0;
    enter(&gate);
    while (sent < N) {
        int n = sendmmsg(end[0], msg + sent, N - sent, 0);
        CHECK(n > 0);
        for (int i = sent; i < sent + n; i++)
            CHECK_EQ(msg[i].msg_len, sizeof(int));
        sent += n;
    }
    return NULL;
}

int main(void)
{
    alarm(20);
    gate_open(&gate, "socket");
    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, end), 0);

    struct iovec v = {"x", 1};
    static struct mmsghdr m[N];
    for (int i = 0; i < N; i++)
        m[i] = (struct mmsghdr){{.msg_iov = &v, .msg_iovlen = 1}, 0};
    int fit = sendmmsg(end[0], m, N, MSG_DONTWAIT);
    CHECK(fit > 0 && fit < N);
    CHECK_ERRNO(sendmmsg(end[0], m, N, MSG_DONTWAIT), EAGAIN);
    OK("sendmmsg with MSG_DONTWAIT reports the messages that fit");

    pthread_t t = spawn(sender, NULL);
    until_asleep(&gate, 1);
    char c;
    for (int i = 0; i < fit; i++)
        CHECK_EQ(recv(end[1], &c, 1, 0), 1);
    for (int i = 0; i < N; i++) {
        int got;
        CHECK_EQ(recv(end[1], &got, sizeof got, 0), sizeof got);
        CHECK_EQ(got, i);
    }
    join(t);
    must_have_parked("socket", 1);
    OK("sendmmsg to a full queue waits, and keeps the order");
}
