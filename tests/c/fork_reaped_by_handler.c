/* A SIGCHLD handler reaps every child that threads make: none is lost, none
 * stays; a thread that double-forks is not the daemon's parent. */
#include "thread.h"

enum { THREADS = 4, EACH = 15 };
static atomic_int reaped, sum;

static void reap(int signum)
{
    int status, saved = errno;
    (void)signum;
    while (waitpid(-1, &status, WNOHANG) > 0) {
        reaped++;
        sum += WEXITSTATUS(status);
    }
    errno = saved;
}

static void *forks(void *arg)
{
    for (int i = 0; i < EACH; i++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            _exit(i);
        sleep_ms(1);
    }
    return arg;
}

static void *daemonizes(void *arg)
{
    int said[2];
    char byte;
    CHECK_EQ(pipe(said), 0);
    pid_t middle = fork();
    CHECK(middle >= 0);
    if (middle == 0) {
        CHECK(setsid() > 0);
        pid_t daemon = fork();
        CHECK(daemon >= 0);
        if (daemon)
            _exit(0);
        while (getppid() == getpgrp())
            sleep_ms(1);
        CHECK_EQ(write(said[1], "d", 1), 1);
        _exit(0);
    }
    close(said[1]);
    CHECK_EQ(read(said[0], &byte, 1), 1);
    CHECK_EQ(byte, 'd');
    CHECK_EQ(read(said[0], &byte, 1), 0);
    close(said[0]);
    return arg;
}

int main(void)
{
    pthread_t t[THREADS];
    struct sigaction action = {.sa_handler = reap, .sa_flags = SA_RESTART};
    SAFETY_NET();
    CHECK_EQ(sigaction(SIGCHLD, &action, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(forks, NULL);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    while (reaped < THREADS * EACH)
        sleep_ms(1);
    CHECK_EQ(sum, THREADS * EACH * (EACH - 1) / 2);
    CHECK_ERRNO(waitpid(-1, NULL, WNOHANG), ECHILD);
    OK("%d children reaped", THREADS * EACH);
    join(spawn(daemonizes, NULL));
    while (reaped < THREADS * EACH + 1)
        sleep_ms(1);
    OK("a daemon of its own");
    return 0;
}
