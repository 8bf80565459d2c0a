/* The ways a child forked by a thread ends: return, exit, _exit, pthread_exit
 * alone and with threads that go on, a signal; and its status each time. */
#include "thread.h"

static void *later(void *arg)
{
    sleep_ms(20);
    if (arg)
        exit((int)(intptr_t)arg);
    return NULL;
}

static void *forks(void *arg)
{
    int way = (int)(intptr_t)arg, status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(10);
        switch (way) {
        case 0: return NULL;
        case 1: exit(11);
        case 2: _exit(12);
        case 3: pthread_exit(NULL);
        case 4: spawn(later, NULL); pthread_exit(NULL);
        case 5: spawn(later, (void *)15); pthread_exit(NULL);
        case 6: spawn(later, (void *)16); join(spawn(later, NULL)); pause(); break;
        case 7: join(spawn(later, NULL)); return NULL;
        case 8: abort();
        }
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    return (void *)(intptr_t)(WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
}

int main(void)
{
    static const int want[] = {0, 11, 12, 0, 0, 15, 16, 0, -SIGABRT};
    SAFETY_NET();
    for (int way = 0; way < 9; way++) {
        fflush(stdout);
        CHECK_EQ((intptr_t)join(spawn(forks, (void *)(intptr_t)way)), want[way]);
        OK("way %d", way);
    }
    return 0;
}
