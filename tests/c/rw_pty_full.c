/* A terminal takes a write that it has no room for as far as it goes: one
 * handler ends the wait, and the call says how much was written; then the next
 * one waits for room. */
#include "asleep.h"
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;
static struct gate gate;
static char big[1 << 20];

static void on_signal(int signum) { (void)signum; }

static void *write_big(void *arg)
{
    enter(&gate);
    ssize_t n = write(slave, big, sizeof big);
    CHECK(n > 0 && n < (ssize_t)sizeof big);
    return arg;
}

static void *write_little(void *arg)
{
    enter(&gate);
    CHECK_EQ(write(slave, "hello", 5), 5);
    return arg;
}

/* Until the terminal has taken something, and takes no more. */
static void until_full(void)
{
    for (int there = 0, before = -1; there == 0 || there != before; sleep_ms(100)) {
        before = there;
        CHECK_EQ(ioctl(master, FIONREAD, &there), 0);
    }
}

int main(void)
{
    struct sigaction act = {.sa_handler = on_signal};
    struct termios mode;
    alarm(20);
    CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
    CHECK_EQ(openpty(&master, &slave, NULL, NULL, NULL), 0);
    CHECK_EQ(tcgetattr(slave, &mode), 0);
    cfmakeraw(&mode);
    mode.c_cc[VMIN] = 0; /* poll then says nothing about it */
    CHECK_EQ(tcsetattr(slave, TCSANOW, &mode), 0);

    gate_open(&gate, "rw");
    pthread_t t = spawn(write_big, NULL);
    while (gate.n < 1)
        sleep_ms(1);
    until_full();
    CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
    join(t);
    OK("a handler ends a write, with what was written");

    gate_open(&gate, "rw");
    t = spawn(write_little, NULL);
    while (gate.n < 1)
        sleep_ms(1);
    CHECK_EQ(fcntl(master, F_SETFL, O_NONBLOCK), 0);
    while (pthread_tryjoin_np(t, NULL) == EBUSY)
        if (read(master, big, sizeof big) < 0)
            sleep_ms(1);
    OK("the next write waits for room");
}
