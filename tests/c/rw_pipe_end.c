/* When the last writer closes, a waiting reader gets what is left, then zero.
 * When the last reader closes, a waiting writer gets EPIPE (and SIGPIPE). Must
 * not change: with a dup of the end still open nobody is woken. */
#include "asleep.h"

static int p[2];
static struct gate gate;

static void *reader(void *arg)
{
    char buf[16];
    enter(&gate);
    CHECK_EQ(read(p[0], buf, sizeof buf), 4);
    CHECK_EQ(read(p[0], buf, sizeof buf), 0);
    CHECK_EQ(read(p[0], buf, sizeof buf), 0);
    return arg;
}

static void *empty(void *arg)
{
    char c;
    enter(&gate);
    CHECK_EQ(read(p[0], &c, 1), 0);
    return arg;
}

static void *writer(void *arg)
{
    static char block[1 << 20];
    enter(&gate);
    ssize_t n = write(p[1], block, sizeof block);
    CHECK(n > 0 && n < (ssize_t)sizeof block); /* what went in before */
    CHECK_ERRNO(write(p[1], "x", 1), EPIPE);
    return arg;
}

static pthread_t waiting(void *(*how)(void *))
{
    CHECK_EQ(pipe(p), 0);
    gate_open(&gate, "rw");
    pthread_t t = spawn(how, NULL);
    until_asleep(&gate, 1);
    return t;
}

int main(void)
{
    alarm(20);
    signal(SIGPIPE, SIG_IGN);
    pthread_t t = waiting(reader);
    CHECK_EQ(write(p[1], "last", 4), 4);
    close(p[1]);
    join(t);
    OK("the last writer closes: what is left, then 0");

    t = waiting(empty);
    int copy = dup(p[1]);
    close(p[1]);
    sleep_ms(10);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    close(copy);
    join(t);
    OK("a dup of the writing end keeps the reader waiting");

    t = waiting(writer);
    copy = dup(p[0]);
    close(p[0]);
    sleep_ms(10);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    close(copy);
    join(t);
    must_have_parked("rw", 3);
    OK("the last reader closes: the part that went in, then EPIPE");
}
