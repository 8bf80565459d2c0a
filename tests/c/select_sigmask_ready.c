/* ppoll, pselect, epoll_pwait, epoll_pwait2 with a mask that opens a signal:
 * what is ready is told, and the handler has not run; if the handler has run,
 * it is EINTR. So it is with signals to the thread and to the process, pending
 * or arriving, whatever comes first; a time-out of 0 lets them in, but not into
 * epoll. Must not change: a signal that is not let in stays pending. */
#include "util.h"
#include <sys/epoll.h>
#include <sys/select.h>

enum { PPOLL, PSELECT, EPOLL, EPOLL2, WAYS };
#define ROUNDS 300

static volatile sig_atomic_t ran;
static atomic_int round_no, done;
static sigset_t none;
static pthread_t waiting;

static void handler(int signum)
{
    (void)signum;
    ran++;
}

static int wait_for(int way, int fd, int ep, struct timespec *limit)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct epoll_event e;
    fd_set set;
    switch (way) {
    case PPOLL:
        return ppoll(&p, 1, limit, &none);
    case PSELECT:
        FD_ZERO(&set);
        FD_SET(fd, &set);
        return pselect(fd + 1, &set, NULL, NULL, limit, &none);
    case EPOLL:
        return epoll_pwait(ep, &e, 1, limit ? 0 : -1, &none);
    default:
        return epoll_pwait2(ep, &e, 1, limit, &none);
    }
}

/* One wait: EINTR if and only if the handler has run. */
static int checked(int way, int fd, int ep, struct timespec *limit)
{
    int before = ran;
    int r = wait_for(way, fd, ep, limit);
    CHECK_EQ(r == -1 && errno == EINTR, ran != before);
    return r;
}

static int end[2], ep;

static void *story(void *arg)
{
    struct timespec zero = {0};
    sigset_t pending;
    char c;
    for (int way = 0; way < WAYS; way++) {
        CHECK_EQ(write(end[1], "x", 1), 1);
        CHECK_EQ(pthread_kill(pthread_self(), SIGUSR1), 0);
        CHECK_EQ(checked(way, end[0], ep, NULL), 1);
        sigpending(&pending);
        CHECK(sigismember(&pending, SIGUSR1));
        CHECK_EQ(read(end[0], &c, 1), 1);
        CHECK_EQ(checked(way, end[0], ep, &zero), way < EPOLL ? -1 : 0);
        CHECK_EQ(checked(way, end[0], ep, &zero), 0);
        if (way >= EPOLL)
            CHECK_EQ(checked(way, end[0], ep, NULL), -1);
    }
    return arg;
}

/* Reads what comes, and lets signals in while it waits. */
static void *waiter(void *arg)
{
    char c;
    for (int got = 0; got < ROUNDS * WAYS; round_no++) {
        if (checked(got % WAYS, end[0], ep, NULL) == 1) {
            CHECK_EQ(read(end[0], &c, 1), 1);
            got++;
        }
    }
    done = 1;
    return arg;
}

int main(void)
{
    alarm(30);
    sigset_t usr1;
    signal(SIGUSR1, handler);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, NULL);
    CHECK_EQ(pipe(end), 0);
    ep = epoll_create1(0);
    struct epoll_event e = {.events = EPOLLIN};
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, end[0], &e), 0);
    join(spawn(story, NULL));
    OK("ready: no handler, and the signal stays; else EINTR");

    waiting = spawn(waiter, NULL);
    for (int i = 0; i < ROUNDS * WAYS; i++) {
        if (i % 3 == 0)
            CHECK_EQ(pthread_kill(waiting, SIGUSR1), 0);
        if (i % 5 == 0)
            CHECK_EQ(kill(getpid(), SIGUSR1), 0);
        CHECK_EQ(write(end[1], "x", 1), 1);
        if (i % 7 == 0)
            CHECK_EQ(pthread_kill(waiting, SIGUSR1), 0);
    }
    join(waiting);
    CHECK(ran > 0);
    OK("EINTR if and only if the handler has run");
}
