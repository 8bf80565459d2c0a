/* F_SETPIPE_SZ gives a full pipe more room: a writer that waits goes on at
 * once, though nobody has read. Must not change: the bytes, and EBUSY for a
 * size that what is in the pipe does not fit. */
#include "asleep.h"

static int p[2];
static struct gate gate;
static char block[4 << 16];

static void *writer(void *arg)
{
    enter(&gate);
    CHECK_EQ(write(p[1], block, sizeof block), sizeof block);
    return arg;
}

int main(void)
{
    static char got[sizeof block];
    alarm(20);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)(i * 2654435761u >> 9);
    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(fcntl(p[0], F_SETPIPE_SZ, 1 << 16), 1 << 16);
    gate_open(&gate, "rw");
    pthread_t t = spawn(writer, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(fcntl(p[0], F_SETPIPE_SZ, sizeof block), sizeof block);
    join(t);
    must_have_parked("rw", 1);
    OK("more room ends the wait");
    CHECK_ERRNO(fcntl(p[1], F_SETPIPE_SZ, 4096), EBUSY);
    for (size_t n = 0; n < sizeof got;)
        n += (size_t)read(p[0], got + n, sizeof got - n);
    CHECK(memcmp(got, block, sizeof got) == 0);
    OK("all has arrived");
}
