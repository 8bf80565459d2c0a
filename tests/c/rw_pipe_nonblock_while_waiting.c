/* O_NONBLOCK set while a thread waits to read a pipe does not disturb that
 * wait: the flag was read before it slept. Must not change: it gets its data
 * and never EAGAIN; the next read is EAGAIN. */
#include "asleep.h"

static int p[2];
static struct gate gate;

static void *reader(void *arg)
{
    char c;
    enter(&gate);
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_ERRNO(read(p[0], &c, 1), EAGAIN);
    return arg;
}

int main(void)
{
    alarm(20);
    CHECK_EQ(pipe(p), 0);
    gate_open(&gate, "rw");
    pthread_t t = spawn(reader, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(fcntl(p[0], F_SETFL, O_NONBLOCK), 0);
    sleep_ms(10);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(write(p[1], "x", 1), 1);
    join(t);
    must_have_parked("rw", 1);
    OK("the reader that slept gets its byte, the next read is EAGAIN");
}
