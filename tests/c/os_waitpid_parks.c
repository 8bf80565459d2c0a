/* A hundred threads, each in waitpid for a child of its own, cost no kernel
 * thread each; every one gets its child's status, and takes no descriptor. */
#include "thread.h"

enum { N = 100 };
static int hold[2];
static pid_t child[N];

static void *waits(void *arg)
{
    int mine = (int)(intptr_t)arg, status = -1;
    CHECK_EQ(waitpid(child[mine], &status, 0), child[mine]);
    CHECK_EQ(status, mine % 3 ? mine << 8 : SIGKILL);
    CHECK_ERRNO(waitpid(child[mine], &status, 0), ECHILD);
    return NULL;
}

static pid_t ends_later(int mine)
{
    char byte;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid)
        return pid;
    close(hold[1]);
    CHECK_EQ(read(hold[0], &byte, 1), 0);
    if (mine % 3 == 0)
        raise(SIGKILL);
    _exit(mine);
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[N];
    CHECK_EQ(pipe(hold), 0);
    for (int i = 0; i < N; i++)
        child[i] = ends_later(i);
    for (int i = 0; i < N; i++)
        t[i] = spawn(waits, (void *)(intptr_t)i);
    until_parked("os", N);
    if (preloaded())
        CHECK(iopatch_counter("os_threads") < N / 4);
    int lowest = dup(0);
    CHECK_EQ(lowest, hold[1] + 1);
    close(lowest);
    close(hold[1]);
    for (int i = 0; i < N; i++)
        join(t[i]);
    CHECK_ERRNO(wait(NULL), ECHILD);
    OK("%d waits, each with its own child's status", N);
    return 0;
}
