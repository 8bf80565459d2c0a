/* Threads open, use and close sockets and pipes as fast as they can, so that
 * every number changes hands all the time: no thread gets another's data, wakes
 * for another's event, or waits for ever. Must not change: each exchange. */
#include "util.h"

enum { THREADS = 12, ROUNDS = 150 };

static void *churn(void *arg)
{
    uint32_t id = (uint32_t)(intptr_t)arg, seen;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        int p[2];
        uint32_t word = id << 16 | i;
        if (i % 3 == 0)
            tcp_pair(p);
        else if (i % 3 == 1)
            CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
        else
            CHECK_EQ(pipe(p), 0);
        CHECK_EQ(write(p[1], &word, sizeof word), sizeof word);
        CHECK_EQ(read(p[0], &seen, sizeof seen), sizeof seen);
        CHECK_EQ(seen, word);
        close(p[1]);
        CHECK_EQ(read(p[0], &seen, sizeof seen), 0);
        close(p[0]);
    }
    return NULL;
}

/* Two threads across one pair that lives for a single exchange. */
static void *peer(void *arg)
{
    int fd = (int)(intptr_t)arg;
    uint32_t word;
    recv_all(fd, &word, sizeof word);
    word++;
    send_all(fd, &word, sizeof word);
    close(fd);
    return NULL;
}

static void *short_lives(void *arg)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        int p[2];
        uint32_t word = i;
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
        pthread_t t = spawn(peer, (void *)(intptr_t)p[1]);
        send_all(p[0], &word, sizeof word);
        recv_all(p[0], &word, sizeof word);
        CHECK_EQ(word, i + 1);
        CHECK_EQ(recv(p[0], &word, 1, 0), 0);
        close(p[0]);
        join(t);
    }
    return arg;
}

int main(void)
{
    pthread_t t[THREADS];
    alarm(20);
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(i % 3 ? churn : short_lives, (void *)(intptr_t)i);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("%d threads x %d short lives of descriptors", THREADS, ROUNDS);
}
