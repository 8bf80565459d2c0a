/* timed */
/* close() of a TCP socket with SO_LINGER waits until what is unsent has been
 * acknowledged, or for the linger time. Must not change: other threads run
 * meanwhile; without SO_LINGER it returns at once and the data still arrive. */
#include "asleep.h"

static int end[2];
static struct gate gate;
static char block[1 << 16];

static void *close_it(void *arg)
{
    (void)arg;
    enter(&gate);
    int64_t start = now_ms();
    CHECK_EQ(close(end[0]), 0);
    return (void *)(intptr_t)(now_ms() - start);
}

static long long fill(int linger)
{
    struct linger l = {linger > 0, linger};
    long long sent = 0;
    tcp_pair(end);
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_LINGER, &l, sizeof l), 0);
    for (ssize_t n; (n = send(end[0], block, sizeof block, MSG_DONTWAIT)) > 0;)
        sent += n;
    return sent;
}

static long long drain(void)
{
    long long got = 0;
    for (ssize_t n; (n = recv(end[1], block, sizeof block, 0)) > 0;)
        got += n;
    return got;
}

int main(void)
{
    alarm(20);
    long long sent = fill(0);
    join(spawn(close_it, NULL));
    CHECK_EQ(drain(), sent);
    OK("without SO_LINGER close leaves the sending to the kernel");

    fill(1);
    CHECK((intptr_t)join(spawn(close_it, NULL)) >= 980);
    OK("nobody reads: close returns after the linger time");

    sent = fill(20);
    gate_open(&gate, "fdops");
    pthread_t t = spawn(close_it, NULL);
    while (gate.n < 1)
        sleep_ms(1);
    sleep_ms(20);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(drain(), sent);
    CHECK((intptr_t)join(t) < 15000);
    OK("the peer reads: close returns when it has got all");
}
