/* A terminal: a read of the slave waits for a whole line, of the master for
 * output; ^D is an end of file of its own; echo is on. Must not change: what
 * the line discipline does, and the end (EIO for the master). */
#include "asleep.h"
#include <pty.h>
#include <termios.h>

static int master, slave;
static struct gate gate;

static void *shell(void *arg)
{
    char buf[64];
    enter(&gate);
    CHECK_EQ(read(slave, buf, sizeof buf), 6);
    CHECK(memcmp(buf, "hello\n", 6) == 0);
    CHECK_EQ(write(slave, "HI\n", 3), 3);
    enter(&gate);
    CHECK_EQ(read(slave, buf, sizeof buf), 0);
    return arg;
}

static void *hangup(void *arg)
{
    char buf[64];
    enter(&gate);
    CHECK_ERRNO(read(master, buf, sizeof buf), EIO);
    return arg;
}

static void expect(const char *text)
{
    char buf[64];
    for (size_t n = 0, want = strlen(text); n < want;) {
        ssize_t k = read(master, buf + n, want - n);
        CHECK(k > 0 && memcmp(buf + n, text + n, (size_t)k) == 0);
        n += (size_t)k;
    }
}

int main(void)
{
    alarm(20);
    CHECK_EQ(openpty(&master, &slave, NULL, NULL, NULL), 0);
    gate_open(&gate, "rw");
    pthread_t t = spawn(shell, NULL);
    while (gate.n < 1)
        sleep_ms(1);
    CHECK_EQ(write(master, "hel", 3), 3);
    expect("hel");
    sleep_ms(10);
    CHECK_EQ(gate.n, 1);
    OK("half a line is echoed, and the reader waits on");
    CHECK_EQ(write(master, "lo\n", 3), 3);
    expect("lo\r\nHI\r\n");
    while (gate.n < 2)
        sleep_ms(1);
    sleep_ms(10);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(write(master, "\4", 1), 1);
    join(t);
    OK("a line is read whole, ^D reads as 0");

    t = spawn(hangup, NULL);
    while (gate.n < 3)
        sleep_ms(1);
    sleep_ms(10);
    close(slave);
    join(t);
    OK("the last slave closes: the master reads EIO");
}
