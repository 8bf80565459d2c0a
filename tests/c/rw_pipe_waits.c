/* Reads of an empty pipe wait, with read, readv and preadv2 alike; writes to a
 * full one wait, with write, writev and pwritev2. Must not change: the bytes,
 * their order, errno of a call that succeeds, and the pipe's own mode. */
#include "asleep.h"
#include <sys/uio.h>

static int p[2];
static struct gate gate;
static char big[200000];

static ssize_t in(int way, char *buf, size_t n)
{
    struct iovec v[2] = {{buf, n / 2}, {buf + n / 2, n - n / 2}};
    return way == 0   ? read(p[0], buf, n)
           : way == 1 ? readv(p[0], v, 2)
                      : preadv2(p[0], v, 2, -1, 0);
}

static ssize_t out(int way, char *buf, size_t n)
{
    struct iovec v[2] = {{buf, n / 3}, {buf + n / 3, n - n / 3}};
    return way == 0   ? write(p[1], buf, n)
           : way == 1 ? writev(p[1], v, 2)
                      : pwritev2(p[1], v, 2, -1, 0);
}

static void *reader(void *arg)
{
    char buf[16];
    int way = *(int *)arg;
    enter(&gate);
    errno = 1234;
    CHECK_EQ(in(way, buf, sizeof buf), 5);
    CHECK_EQ(errno, 1234);
    CHECK(memcmp(buf, "hello", 5) == 0);
    return NULL;
}

static void *writer(void *arg)
{
    int way = *(int *)arg;
    enter(&gate);
    errno = 1234;
    CHECK_EQ(out(way, big, sizeof big), sizeof big);
    CHECK_EQ(errno, 1234);
    return NULL;
}

int main(void)
{
    static const char *const name[] = {"read, write", "readv, writev",
                                       "preadv2, pwritev2"};
    static char got[sizeof big];
    alarm(20);
    CHECK_EQ(pipe(p), 0);
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i * 2654435761u >> 11);
    for (int way = 0; way < 3; way++) {
        gate_open(&gate, "rw");
        pthread_t t = spawn(reader, &way);
        until_asleep(&gate, 1);
        CHECK_EQ(write(p[1], "hello", 5), 5);
        join(t);

        gate_open(&gate, "rw");
        t = spawn(writer, &way);
        until_asleep(&gate, 1);
        CHECK_EQ(fcntl(p[0], F_GETFL), O_RDONLY);
        CHECK_EQ(fcntl(p[1], F_GETFL), O_WRONLY);
        for (size_t n = 0; n < sizeof got;)
            n += (size_t)read(p[0], got + n, sizeof got - n);
        join(t);
        CHECK(memcmp(got, big, sizeof got) == 0);
        OK("%s wait for data and for room", name[way]);
    }
    must_have_parked("rw", 6);
}
