/* poll waits without an end until data come, from main or a thread, on any of
 * its descriptors; the read after it does not wait. Must not change: only the
 * entries that are ready have revents, and the events they asked for. */
#include "asleep.h"

enum { N = 20 };
static int end[N][2];
static struct gate gate;

static void *poller(void *arg)
{
    struct pollfd p[N];
    char c;
    for (int i = 0; i < N; i++)
        p[i] = (struct pollfd){.fd = end[i][0], .events = POLLIN, .revents = -1};
    for (int round = 0; round < N; round++) {
        enter(&gate);
        CHECK_EQ(round % 2 ? poll(p, N, -1) : ppoll(p, N, NULL, NULL), 1);
        for (int i = 0; i < N; i++) {
            CHECK_EQ(p[i].revents, i == round ? POLLIN : 0);
            CHECK_EQ(p[i].events, POLLIN);
        }
        CHECK_EQ(poll(p, N, -1), 1); /* still: level-triggered */
        CHECK_EQ(read(end[round][0], &c, 1), 1);
        CHECK_EQ(poll(p, N, 0), 0);
        CHECK_EQ(write(end[0][0], &c, 1), 1);
    }
    return arg;
}

static void feed(void)
{
    char c;
    for (int i = 0; i < N; i++) {
        until_asleep(&gate, i + 1);
        CHECK_EQ(write(end[i][1], "x", 1), 1);
        CHECK_EQ(read(end[0][1], &c, 1), 1);
    }
}

static void *feeder(void *arg)
{
    feed();
    return arg;
}

int main(void)
{
    alarm(20);
    for (int i = 0; i < N; i++)
        CHECK_EQ(socketpair(AF_UNIX, i % 2 ? SOCK_DGRAM : SOCK_STREAM, 0, end[i]), 0);
    gate_open(&gate, "select");
    pthread_t t = spawn(poller, NULL);
    feed();
    join(t);
    must_have_parked("select", N / 2);
    OK("main feeds, a thread polls");
    gate_open(&gate, "select");
    t = spawn(poller, NULL);
    join(spawn(feeder, NULL));
    join(t);
    OK("a thread feeds, a thread polls");
    gate_open(&gate, "select");
    t = spawn(feeder, NULL);
    poller(NULL);
    join(t);
    OK("a thread feeds, main polls");
}
