/* close() of a pipe's end, an eventfd or a full pipe in which another thread
 * waits: the wait goes on with the open file and ends as if nothing had been
 * closed. Must not change: only after it does the other side see the end. */
#include "asleep.h"
#include <sys/eventfd.h>

static int p[2];
static struct gate gate;
static char block[1 << 17];

static void *reader(void *arg)
{
    uint64_t v = 0;
    enter(&gate);
    CHECK_EQ(read(p[0], &v, sizeof v), sizeof v);
    CHECK_EQ(v, 7);
    return arg;
}

static void *writer(void *arg)
{
    enter(&gate);
    CHECK_EQ(write(p[1], block, sizeof block), sizeof block);
    return arg;
}

static pthread_t close_under(void *(*how)(void *), int *fd)
{
    gate_open(&gate, "rw");
    pthread_t t = spawn(how, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(close(*fd), 0);
    sleep_ms(10);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    return t;
}

int main(void)
{
    uint64_t seven = 7;
    alarm(20);
    signal(SIGPIPE, SIG_IGN);
    CHECK_EQ(pipe(p), 0);
    pthread_t t = close_under(reader, &p[0]);
    CHECK_EQ(write(p[1], &seven, sizeof seven), sizeof seven);
    join(t);
    CHECK_ERRNO(write(p[1], "x", 1), EPIPE);
    OK("a reading end: the reader gets its data, then EPIPE");

    CHECK_EQ(pipe(p), 0);
    t = close_under(writer, &p[1]);
    size_t total = 0;
    static char buf[5000];
    for (ssize_t n; (n = read(p[0], buf, sizeof buf)) > 0; total += (size_t)n)
        ;
    join(t);
    CHECK_EQ(total, sizeof block);
    OK("a writing end: all is written, then comes the end");

    p[0] = eventfd(0, 0);
    p[1] = dup(p[0]);
    t = close_under(reader, &p[0]);
    CHECK_EQ(write(p[1], &seven, sizeof seven), sizeof seven);
    join(t);
    must_have_parked("rw", 3);
    OK("an eventfd: the reader gets its value");
}
