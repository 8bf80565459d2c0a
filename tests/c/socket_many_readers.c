/* Sixteen threads read one socket: each byte goes to exactly one of them, and
 * no data is left while somebody waits. Must not change: all of them see the
 * end of the stream. Through one descriptor, and through dups of it. */
#include "asleep.h"

enum { READERS = 16, BYTES = 20000 };
static int end[2], number[READERS];
static struct gate gate;
static atomic_int seen[256];

static void *reader(void *arg)
{
    unsigned char buf[7];
    ssize_t n;
    enter(&gate);
    while ((n = read(*(int *)arg, buf, sizeof buf)) > 0)
        for (ssize_t i = 0; i < n; i++)
            seen[buf[i]]++;
    CHECK_EQ(n, 0);
    return NULL;
}

static void story(const char *name)
{
    pthread_t t[READERS];
    memset(seen, 0, sizeof seen);
    gate_open(&gate, "rw");
    for (int i = 0; i < READERS; i++)
        t[i] = spawn(reader, &number[i]);
    until_asleep(&gate, READERS);
    for (int i = 0; i < BYTES; i++) {
        unsigned char c = (unsigned char)(i % 251);
        CHECK_EQ(send(end[1], &c, 1, 0), 1);
    }
    close(end[1]);
    for (int i = 0; i < READERS; i++)
        join(t[i]);
    for (int i = 0; i < 256; i++)
        CHECK_EQ(seen[i], i < 251 ? BYTES / 251 + (i < BYTES % 251) : 0);
    OK("%s: each byte went to one reader, all saw the end", name);
}

int main(void)
{
    alarm(20);
    tcp_pair(end);
    for (int i = 0; i < READERS; i++)
        number[i] = end[0];
    story("tcp, one descriptor");
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    for (int i = 0; i < READERS; i++)
        number[i] = dup(end[0]);
    story("unix, a dup for each");
    must_have_parked("rw", 2 * READERS);
}
