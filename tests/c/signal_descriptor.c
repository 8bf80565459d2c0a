/* A signalfd tells the thread that reads it of the blocked signals that were sent to it alone. */
#include "util.h"
#include <sys/signalfd.h>

static _Atomic int begun;

static int blocked_and_watched(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN + 1);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    CHECK(fd >= 0);
    return fd;
}

static void *sends_itself(void *arg)
{
    struct signalfd_siginfo info[4];
    sigset_t pending;
    int fd = blocked_and_watched();
    CHECK_EQ(pthread_kill(pthread_self(), SIGUSR1), 0);
    CHECK_EQ(pthread_sigqueue(pthread_self(), SIGRTMIN + 1, (union sigval){.sival_int = 77}), 0);
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    CHECK_EQ(poll(&polled, 1, 1000), 1);
    CHECK_EQ(read(fd, info, sizeof info), 2 * sizeof info[0]);
    CHECK_EQ(info[0].ssi_signo, SIGUSR1);
    CHECK_EQ(info[0].ssi_code, SI_TKILL);
    CHECK_EQ(info[1].ssi_signo, SIGRTMIN + 1);
    CHECK_EQ(info[1].ssi_int, 77);
    CHECK_EQ(sigpending(&pending), 0);
    CHECK_EQ(sigismember(&pending, SIGUSR1), 0);
    close(fd);
    return arg;
}

static void *waits(void *arg)
{
    struct signalfd_siginfo info;
    int fd = blocked_and_watched();
    begun = 1;
    CHECK_EQ(read(fd, &info, sizeof info), sizeof info);
    CHECK_EQ(info.ssi_signo, SIGUSR1);
    close(fd);
    return arg;
}

int main(void)
{
    alarm(25);
    join(spawn(sends_itself, NULL));
    OK("what it has sent itself");
    pthread_t t = spawn(waits, NULL);
    while (!begun)
        sleep_ms(1);
    sleep_ms(20);
    CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
    join(t);
    OK("what comes while it waits");
    return 0;
}
