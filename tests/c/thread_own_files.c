/* A thread with a table of descriptors of its own (unshare, close_range) waits on its numbers, and closes them, while the
 * others wait on the same numbers; so do the threads that it makes. */
#include "moves.h"
#include <linux/close_range.h>
#include <sched.h>

static int pair[2], ends[2];
static atomic_int sharers, got;

static void *reads(void *arg)
{
    char byte;
    sharers++;
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(recv(pair[0], &byte, 1, 0), 1);
        got++;
    }
    return arg;
}

/* The same number, of another file; its wait is its own. */
static void *uses(void *arg)
{
    char byte;
    struct pollfd entry = {pair[0], POLLIN, 0};
    CHECK_EQ(poll(&entry, 1, 5), 0);
    CHECK_EQ(write(ends[1], "x", 1), 1);
    CHECK_EQ(read(pair[0], &byte, 1), 1);
    CHECK_EQ(poll(&entry, 1, 0), 0);
    return arg;
}

static void *apart(void *arg)
{
    if (arg)
        CHECK_EQ(unshare(CLONE_FILES), 0);
    else
        CHECK_EQ(syscall(SYS_close_range, pair[0], pair[1], CLOSE_RANGE_UNSHARE), 0);
    close(pair[0]);
    close(pair[1]);
    CHECK_ERRNO(read(pair[0], NULL, 0), EBADF);
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(ends[0], pair[0]);
    for (int i = 0; i < 3; i++)
        uses(NULL);
    join(spawn(uses, NULL));
    CHECK_EQ(close_range(3, ~0u, 0), 0);
    sleep_ms(5);
    join(spawn(mover, (void *)1));
    CHECK_ERRNO(close(ends[0]), EBADF);
    return NULL;
}

static void *writes(void *arg)
{
    for (int i = 0; i < 20; i++) {
        sleep_ms(2);
        CHECK_EQ(send(pair[1], "y", 1, 0), 1);
    }
    moves_over = true;
    return arg;
}

int main(void)
{
    SAFETY_NET();
    for (long way = 0; way < 2; way++) {
        moves_over = false;
        got = sharers = 0;
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        pthread_t reader = spawn(reads, NULL);
        while (!sharers)
            sleep_ms(1);
        sleep_ms(2);
        pthread_t t[] = {spawn(apart, (void *)way), spawn(writes, NULL)};
        for (int i = 0; i < 2; i++)
            join(t[i]);
        join(reader);
        CHECK_EQ(got, 20);
        OK("by %s", way ? "unshare" : "close_range");
    }
    return 0;
}
