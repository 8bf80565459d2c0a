/* A descriptor number is used again at once, for a socket, a pipe, a file, an
 * eventfd: nothing of its former life shows. Must not change: a new socket
 * without data waits, even if the old one had data or had ended. */
#include "asleep.h"
#include <sys/eventfd.h>

static int number;
static struct gate gate;

static void *reader(void *arg)
{
    char buf[8];
    enter(&gate);
    CHECK(read(number, buf, sizeof buf) > 0);
    return arg;
}

/* `number` has nothing to read: a reader waits until `feed` gets a word. */
static void must_wait(int feed)
{
    uint64_t one = 1;
    gate_open(&gate, "rw");
    pthread_t t = spawn(reader, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(write(feed, &one, sizeof one), sizeof one);
    join(t);
}

/* Closes `number`, after a life that ended with data and an end of file. */
static void *use_up(void *arg)
{
    int end[2];
    char c;
    (void)arg;
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    number = end[0];
    CHECK_EQ(send(end[1], "abc", 3, 0), 3);
    CHECK_EQ(read(end[0], &c, 1), 1);
    close(end[1]);
    close(end[0]);
    return NULL;
}

int main(void)
{
    int p[2], rounds = 50;
    alarm(20);
    for (int i = 0; i < rounds; i++) {
        join(spawn(use_up, NULL));
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
        CHECK_EQ(p[0], number);
        must_wait(p[1]);
        close(p[0]), close(p[1]);

        join(spawn(use_up, NULL));
        CHECK_EQ(pipe(p), 0);
        CHECK_EQ(p[0], number);
        must_wait(p[1]);
        close(p[0]), close(p[1]);

        join(spawn(use_up, NULL));
        CHECK_EQ(eventfd(0, 0), number);
        must_wait(number);
        close(number);

        join(spawn(use_up, NULL));
        CHECK_EQ(open("/dev/null", O_RDWR), number);
        char c;
        CHECK_EQ(read(number, &c, 1), 0);
        CHECK_EQ(write(number, &c, 1), 1);
        close(number);
    }
    must_have_parked("rw", 3 * (unsigned long)rounds);
    OK("socket, pipe, eventfd, file on one number: %d rounds", rounds);
}
