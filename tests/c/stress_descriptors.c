/* Descriptors that end under those who wait for them: lanes of socket pairs
 * and listeners, each with readers, pollers and acceptors, are closed, shut
 * down, replaced by dup2 and left by their peers at random moments, and their
 * numbers used again by the other lanes. Every wait ends. Argument: rounds
 * (default 40). */
#include "thread.h"

enum { LANES = 6, WAITERS = 3 };
static long rounds = 40;
static atomic_long ended;

struct lane {
    int fd, listens;
    atomic_int begun;
};

static void *waits(void *arg)
{
    struct lane *lane = arg;
    int fd = lane->fd, kind = lane->begun++ % 3;
    char c;
    if (kind == 0) {
        struct pollfd p = {fd, POLLIN, 0};
        /* Not for ever: a poll that was woken looks at its number anew, but it
         * waits on the file that the number had before. */
        poll(&p, 1, 100);
    } else if (lane->listens) {
        int got = accept(fd, NULL, NULL);
        if (got >= 0)
            close(got);
    } else if (kind == 1) {
        CHECK(recv(fd, &c, 1, 0) <= 0);
    } else {
        CHECK(read(fd, &c, 1) <= 0);
    }
    ended++;
    return NULL;
}

static void linger(unsigned *seed, long most_ns)
{
    for (int64_t end = now_ns() + rand_r(seed) % most_ns; now_ns() < end;)
        if (rand_r(seed) % 8 == 0)
            sched_yield();
}

/* A late reader of an earlier number may wait on either end by now, and keep it
 * open: shutdown ends its wait, where close alone would not. */
static void finish(int fd)
{
    shutdown(fd, SHUT_RDWR);
    close(fd);
}

static void end_listener(struct lane *lane, const struct sockaddr_in *addr, unsigned *seed)
{
    int client = rand_r(seed) % 2 ? dial(addr) : -1;
    linger(seed, 20000);
    shutdown(lane->fd, SHUT_RDWR);
    close(lane->fd);
    if (client >= 0)
        finish(client);
}

static void end_pair(struct lane *lane, int peer, unsigned *seed)
{
    int other[2];
    switch (rand_r(seed) % 4) {
    case 0:
        shutdown(lane->fd, SHUT_RD);
        break;
    case 1:
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, other), 0);
        finish(other[1]);
        CHECK_EQ(dup2(other[0], lane->fd), lane->fd);
        close(other[0]);
        break;
    case 2:
        finish(peer);
        close(lane->fd);
        return;
    }
    linger(seed, 5000);
    close(lane->fd);
    linger(seed, 5000);
    finish(peer);
}

static void *runs(void *arg)
{
    unsigned seed = (unsigned)(long)arg + 1;
    for (long i = 0; i < rounds; i++) {
        struct lane lane = {.listens = rand_r(&seed) % 4 == 0};
        struct sockaddr_in addr;
        int pair[2];
        if (lane.listens) {
            lane.fd = listener(&addr);
        } else {
            CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
            lane.fd = pair[0];
            struct timeval limit = {0, rand_r(&seed) % 3 ? 0 : 1 + rand_r(&seed) % 300};
            CHECK_EQ(setsockopt(lane.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
        }
        pthread_t t[WAITERS];
        for (int n = 0; n < WAITERS; n++)
            t[n] = spawn(waits, &lane);
        while (lane.begun < WAITERS)
            sched_yield();
        linger(&seed, 20000);
        if (lane.listens)
            end_listener(&lane, &addr, &seed);
        else
            end_pair(&lane, pair[1], &seed);
        for (int n = 0; n < WAITERS; n++)
            join(t[n]);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    SAFETY_NET();
    signal(SIGPIPE, SIG_IGN);
    if (argc > 1)
        rounds = atol(argv[1]);
    pthread_t t[LANES];
    for (long i = 0; i < LANES; i++)
        t[i] = spawn(runs, (void *)i);
    for (int i = 0; i < LANES; i++)
        join(t[i]);
    CHECK_EQ(ended, LANES * WAITERS * rounds);
    OK("%ld waits ended", ended);
    return 0;
}
