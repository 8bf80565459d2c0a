/* Threads that vfork while others change the process's credentials, fork, and
 * set signals' actions: each of these waits for no more than the child's exec,
 * and every child is what it should be. */
#include "thread.h"

static atomic_int stop;

static void handler(int signum) { (void)signum; }

static void *sets_ids(void *arg)
{
    for (; !stop; usleep(500)) {
        CHECK_EQ(setgid(getgid()), 0);
        CHECK_EQ(setuid(getuid()), 0);
    }
    return arg;
}

static void *sets_actions(void *arg)
{
    struct sigaction now, action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    for (; !stop; usleep(300)) {
        CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
        CHECK_EQ(sigaction(SIGUSR1, NULL, &now), 0);
        CHECK(now.sa_handler == handler);
        CHECK_EQ(raise(SIGUSR1), 0);
    }
    return arg;
}

static void *forks(void *arg)
{
    int status;
    for (; !stop; usleep(2000)) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            /* One in a vfork at the time is not in this process. */
            SAFETY_NET();
            join(spawn(sets_ids, &stop));
            _exit(0);
        }
        CHECK_EQ(kill(pid, SIGKILL), 0);
        CHECK_EQ(waitpid(pid, &status, 0), pid);
    }
    return arg;
}

static void *vforks(void *arg)
{
    int status;
    for (volatile int i = 0; i < 40; i++) {
        pid_t pid = vfork();
        if (pid == 0) {
            signal(SIGUSR1, SIG_DFL);
            usleep(500);
            if (i % 2)
                execl("/bin/sh", "sh", "-c", "exit 3", NULL);
            _exit(3);
        }
        CHECK(pid > 0);
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK_EQ(status, 3 << 8);
    }
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[4], beside[3];
    beside[0] = spawn(sets_ids, NULL);
    beside[1] = spawn(sets_actions, NULL);
    beside[2] = spawn(forks, NULL);
    for (int i = 0; i < 4; i++)
        t[i] = spawn(vforks, NULL);
    vforks(NULL);
    for (int i = 0; i < 4; i++)
        join(t[i]);
    stop = 1;
    for (int i = 0; i < 3; i++)
        join(beside[i]);
    OK("200 children");
    return 0;
}
