/* SO_RCVLOWAT: a receive waits until that many bytes are there. Must not
 * change: the end of the stream ends the wait, a read that asks for less takes
 * it at once, and fewer bytes that were there when the call began are not
 * returned early (MSG_DONTWAIT would return them: a trap for a wrapper). */
#include "asleep.h"

static int end[2];
static struct gate gate;

static void *receiver(void *arg)
{
    char buf[16];
    enter(&gate);
    return (void *)(intptr_t)recv(end[0], buf, (size_t)(intptr_t)arg, 0);
}

int main(void)
{
    int low = 4;
    alarm(20);
    tcp_pair(end);
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low), 0);

    gate_open(&gate, "socket");
    pthread_t t = spawn(receiver, (void *)16);
    until_asleep(&gate, 1);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(send(end[1], "x", 1, 0), 1);
        sleep_ms(2);
        CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    }
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    CHECK_EQ((intptr_t)join(t), 4);
    must_have_parked("socket", 1);
    OK("recv waits for the low-water mark");

    CHECK_EQ(send(end[1], "abc", 3, 0), 3);
    CHECK_EQ((intptr_t)join(spawn(receiver, (void *)2)), 2);
    OK("a read of less takes what it asked for at once");

    gate_open(&gate, "socket");
    t = spawn(receiver, (void *)16);
    until_asleep(&gate, 1);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(send(end[1], "defg", 4, 0), 4);
    CHECK_EQ((intptr_t)join(t), 5);
    must_have_parked("socket", 2);
    OK("a byte that is there already does not end the wait");

    gate_open(&gate, "socket");
    t = spawn(receiver, (void *)16);
    until_asleep(&gate, 1);
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    shutdown(end[1], SHUT_WR);
    CHECK_EQ((intptr_t)join(t), 1);
    OK("the end of the stream ends the wait");
}
