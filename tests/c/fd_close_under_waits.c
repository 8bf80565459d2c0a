/* A close that comes just before, in, or at the end of a wait: the waiter keeps
 * its file or finds the number closed, and never gets what is written to the
 * next file of that number. */
#include "util.h"


static int pair[2];
static atomic_int waits;


static void pause_ns(long ns)
{
    for (long end = now_ns() + ns; now_ns() < end;)
        ;
}

/* What a read on the closed side got: "old" bytes, the end, EBADF; all are right. */
static void *reader(void *arg)
{
    char c = 0;
    struct timeval limit = {0, arg ? 1000 : 0};
    int fd = pair[0];
    if (arg)
        CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    waits = 1;
    ssize_t n = recv(fd, &c, 1, 0);
    CHECK(n < 1 || c == 'o');
    return arg;
}

static void rounds(void *timed, long spread, long from)
{
    unsigned seed = 7;
    for (int i = 0; i < 1500; i++) {
        int next[2];
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        waits = 0;
        pthread_t t = spawn(reader, timed);
        while (!waits)
            sched_yield();
        pause_ns(from + rand_r(&seed) % spread);
        CHECK_EQ(close(pair[0]), 0);
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, next), 0);
        /* A reader that comes late has the next file's number, natively, too:
         * nothing is written there before the old one's end is seen. */
        send(pair[1], "o", 1, MSG_NOSIGNAL);
        close(pair[1]);
        if (next[0] == pair[0])
            shutdown(next[0], SHUT_RD);
        join(t);
        close(next[0]);
        close(next[1]);
    }
}

static void *story(void *arg)
{
    rounds(NULL, 4000, 0);
    OK("closed as a wait begins: 1500 readers went on or were refused");
    rounds(&waits, 12000, 990000);
    OK("closed as a wait's time ends: 1500 readers");
    return arg;
}

int main(void)
{
    join(spawn(story, NULL));
}
