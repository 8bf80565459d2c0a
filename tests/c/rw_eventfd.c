/* An eventfd read waits while the counter is zero, a write while it would
 * overflow; EFD_SEMAPHORE hands out ones; EFD_NONBLOCK answers EAGAIN. Must
 * not change: the sum of what was written is what was read. */
#include "asleep.h"
#include <sys/eventfd.h>

enum { THREADS = 8, EACH = 1000 };
static int fd;
static struct gate gate;
static atomic_llong sum;

static void *taker(void *arg)
{
    uint64_t v;
    enter(&gate);
    for (int i = 0; i < EACH; i++) {
        CHECK_EQ(read(fd, &v, sizeof v), sizeof v);
        CHECK_EQ(v, 1);
        sum += (long long)v;
    }
    return arg;
}

static void *one_read(void *arg)
{
    uint64_t v;
    enter(&gate);
    CHECK_EQ(eventfd_read(fd, &v), 0);
    CHECK_EQ(v, 7);
    return arg;
}

static void *one_write(void *arg)
{
    uint64_t v = 2;
    enter(&gate);
    CHECK_EQ(write(fd, &v, sizeof v), sizeof v);
    return arg;
}

int main(void)
{
    uint64_t v = 7;
    char small[4];
    pthread_t t[THREADS];
    alarm(20);
    fd = eventfd(0, 0);
    gate_open(&gate, "rw");
    t[0] = spawn(one_read, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(write(fd, &v, sizeof v), sizeof v);
    join(t[0]);
    OK("a read waits for a value");

    v = UINT64_MAX - 1;
    CHECK_EQ(write(fd, &v, sizeof v), sizeof v);
    gate_open(&gate, "rw");
    t[0] = spawn(one_write, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(pthread_tryjoin_np(t[0], NULL), EBUSY);
    CHECK_EQ(read(fd, &v, sizeof v), sizeof v);
    CHECK_EQ(v, UINT64_MAX - 1);
    join(t[0]);
    CHECK_EQ(read(fd, &v, sizeof v), sizeof v);
    CHECK_EQ(v, 2);
    CHECK_ERRNO(read(fd, small, sizeof small), EINVAL);
    OK("a write that would overflow waits for a read");

    fd = eventfd(0, EFD_NONBLOCK);
    CHECK_ERRNO(read(fd, &v, sizeof v), EAGAIN);
    fd = eventfd(0, EFD_SEMAPHORE);
    gate_open(&gate, "rw");
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(taker, NULL);
    until_asleep(&gate, THREADS);
    v = THREADS;
    for (int i = 0; i < EACH; i++)
        CHECK_EQ(write(fd, &v, sizeof v), sizeof v);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    CHECK_EQ(sum, THREADS * EACH);
    must_have_parked("rw", 2 + THREADS);
    OK("EFD_SEMAPHORE: %d threads took %d ones each", THREADS, EACH);
}
