/* A write to a terminal that takes only a part of it waits for the rest: a handler ends it with what was written, and
 * without one all of it is. */
#include "util.h"
#include <pty.h>
#include <stdbool.h>
#include <termios.h>

#define LONG 60000

static int master, slave;
static char bytes[LONG];
static atomic_int handled;

static void handler(int sig)
{
    (void)sig;
    handled++;
}

static void *writer(void *arg)
{
    ssize_t written = write(slave, bytes, LONG);
    CHECK(written > 0);
    bool whole = written == LONG;
    CHECK(arg ? whole : !whole && handled > 0);
    return arg;
}

static void open_terminal(void)
{
    struct termios raw;
    CHECK_EQ(openpty(&master, &slave, NULL, NULL, NULL), 0);
    CHECK_EQ(tcgetattr(slave, &raw), 0);
    cfmakeraw(&raw);
    CHECK_EQ(tcsetattr(slave, TCSANOW, &raw), 0);
}

int main(void)
{
    static char buf[4096];
    alarm(20);
    CHECK_EQ(sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handler}, NULL), 0);
    open_terminal();
    pthread_t t = spawn(writer, NULL);
    sleep_ms(50);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
    join(t);
    OK("a handler ends it");

    open_terminal();
    t = spawn(writer, &master);
    for (ssize_t left = LONG; left > 0;) {
        ssize_t n = read(master, buf, sizeof buf);
        CHECK(n > 0);
        left -= n;
    }
    join(t);
    OK("all of it is written");
    return 0;
}
