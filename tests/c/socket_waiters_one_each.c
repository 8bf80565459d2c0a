/* With several threads waiting on one socket, each message wakes one of them,
 * however fast the messages come: none is left waiting beside data. Must not
 * change: who has not been served goes on waiting. */
#include "asleep.h"

enum { WAITERS = 32 };
static int end[2];
static struct gate gate;
static atomic_int served;

static void *one_message(void *arg)
{
    char c;
    enter(&gate);
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    served++;
    return arg;
}

static void until_served(int n)
{
    for (int64_t give_up = now_ms() + 10000; served < n; sleep_ms(1))
        CHECK(now_ms() < give_up);
}

static void story(const char *name)
{
    pthread_t t[WAITERS];
    served = 0;
    gate_open(&gate, "socket");
    for (int i = 0; i < WAITERS; i++)
        t[i] = spawn(one_message, NULL);
    until_asleep(&gate, WAITERS);

    CHECK_EQ(send(end[1], "abc", 1, 0), 1);
    until_served(1);
    sleep_ms(10);
    CHECK_EQ(served, 1);
    for (int i = 1; i < WAITERS; i++) /* a burst: edges may merge */
        CHECK_EQ(send(end[1], "x", 1, 0), 1);
    for (int i = 0; i < WAITERS; i++)
        join(t[i]);
    CHECK_EQ(served, WAITERS);
    OK("%s: one message, one waiter; a burst serves them all", name);
}

int main(void)
{
    alarm(20);
    tcp_pair(end);
    story("tcp");
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    story("unix stream");
    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, end), 0);
    story("unix datagrams");
    must_have_parked("socket", 3 * WAITERS);
}
