/* Many threads poll the same descriptor: data wake all of them, and a poll
 * takes nothing. Must not change: exactly one of their non-blocking reads gets
 * the byte, the others EAGAIN; and the next round works the same. */
#include "asleep.h"

enum { THREADS = 16, ROUNDS = 5 };
static int end[2];
static struct gate gate;
static atomic_int winners, losers;

static void *poller(void *arg)
{
    struct pollfd p = {.fd = end[0], .events = POLLIN};
    enter(&gate);
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLIN);
    return arg;
}

static void *taker(void *arg)
{
    char c;
    ssize_t n = recv(end[0], &c, 1, MSG_DONTWAIT);
    CHECK(n == 1 || errno == EAGAIN);
    ++*(n == 1 ? &winners : &losers);
    return arg;
}

int main(void)
{
    pthread_t t[THREADS];
    alarm(20);
    tcp_pair(end);
    for (int round = 1; round <= ROUNDS; round++) {
        gate_open(&gate, "select");
        for (int i = 0; i < THREADS; i++)
            t[i] = spawn(poller, NULL);
        until_asleep(&gate, THREADS);
        CHECK_EQ(send(end[1], "x", 1, 0), 1);
        for (int i = 0; i < THREADS; i++)
            join(t[i]);
        for (int i = 0; i < THREADS; i++)
            t[i] = spawn(taker, NULL);
        for (int i = 0; i < THREADS; i++)
            join(t[i]);
        CHECK_EQ(winners, round);
        CHECK_EQ(losers, round * (THREADS - 1));
    }
    must_have_parked("select", THREADS * ROUNDS);
    OK("%d pollers wake at once, one of them gets the byte", THREADS);
}
