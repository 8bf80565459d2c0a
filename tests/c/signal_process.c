/* Who takes a signal to the process: a thread that does not block it; where there is none it stays pending,
 * until one unblocks it, or waits for it. sigwait by a thread of its own, the usual way to handle signals. */
#include "asleep.h"
#include "thread.h"
#include <sys/signalfd.h>

static _Thread_local int id;
static _Atomic int by, caught, stop, begun;
static void on_signal(int sig)
{
    by = id;
    caught += sig == SIGUSR1;
}

static sigset_t usr1, term;

static void wait_for(int n)
{
    for (int64_t end = now_ms() + 10000; caught < n && now_ms() < end;)
        sleep_ms(1);
    CHECK_EQ(caught, n);
}

static void *blocked(void *arg)
{
    id = (int)(intptr_t)arg;
    begun++;
    while (!stop)
        usleep(1000);
    return NULL;
}

static void *open_parked(void *arg)
{
    id = 100;
    pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
    int c;
    int *fd = arg;
    CHECK_EQ(read(fd[0], &c, 1), 1);
    return NULL;
}

static void *opens_later(void *arg)
{
    int *fd = arg, c;
    sigset_t pending;
    id = 200;
    CHECK_EQ(read(fd[0], &c, 1), 1);
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGUSR1));
    int before = caught;
    pthread_sigmask(SIG_UNBLOCK, &usr1, NULL);
    CHECK_EQ(caught, before + 1);
    CHECK_EQ(by, 200);
    return NULL;
}

static void *sigwaiter(void *arg)
{
    int sig, n = 0;
    do {
        CHECK_EQ(sigwait(&term, &sig), 0);
        n++;
        CHECK_EQ(write(*(int *)arg, &sig, sizeof sig), sizeof sig);
    } while (sig != SIGINT);
    return (void *)(intptr_t)n;
}

int main(void)
{
    pthread_t t[4], other;
    int fd[2], sig;
    char c = 'x';
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    alarm(25);
    id = 1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigaddset(&term, SIGINT);
    CHECK_EQ(pipe(fd), 0);
    CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
    for (int i = 0; i < 4; i++)
        t[i] = spawn(blocked, (void *)(intptr_t)(i + 10));
    while (begun < 4)
        sleep_ms(1);
    kill(getpid(), SIGUSR1);
    wait_for(1);
    /* Linux prefers main, but another one that enters the kernel at that moment may be quicker. */
    CHECK(by == 1 || by >= 10);
    stop = 1;
    for (int i = 0; i < 4; i++)
        join(t[i]);
    OK("one that does not block it, while all do not");

    stop = 0;
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &usr1, NULL), 0);
    for (int i = 0; i < 4; i++)
        t[i] = spawn(blocked, (void *)(intptr_t)(i + 10));
    other = spawn(open_parked, fd);
    sleep_ms(20);
    for (int i = 2; i < 20; i++) {
        kill(getpid(), SIGUSR1);
        wait_for(i);
        CHECK_EQ(by, 100);
    }
    CHECK_EQ(write(fd[1], &c, 1), 1);
    join(other);
    OK("the one that does not block it");

    int before = caught;
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    sleep_ms(20);
    CHECK_EQ(caught, before);
    sigset_t pending;
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGUSR1));
    other = spawn(opens_later, fd);
    CHECK_EQ(write(fd[1], &c, 1), 1);
    join(other);
    OK("nobody, until one unblocks it");

    kill(getpid(), SIGUSR1);
    CHECK_EQ(sigwait(&usr1, &sig), 0);
    CHECK_EQ(sig, SIGUSR1);
    sigpending(&pending);
    CHECK(!sigismember(&pending, SIGUSR1));
    OK("nobody, until main waits for it");
    stop = 1;
    for (int i = 0; i < 4; i++)
        join(t[i]);

    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &term, NULL), 0);
    other = spawn(sigwaiter, &fd[1]);
    for (int i = 0; i < 50; i++) {
        kill(getpid(), SIGTERM);
        CHECK_EQ(read(fd[0], &sig, sizeof sig), sizeof sig);
        CHECK_EQ(sig, SIGTERM);
        CHECK_EQ(pthread_kill(other, SIGTERM), 0);
        CHECK_EQ(read(fd[0], &sig, sizeof sig), sizeof sig);
        CHECK_EQ(sig, SIGTERM);
    }
    kill(getpid(), SIGINT);
    CHECK_EQ((intptr_t)join(other), 101);
    OK("a thread that waits for signals takes 101");
}
