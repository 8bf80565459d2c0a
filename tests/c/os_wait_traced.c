/* A traced child's stop ends its parent's waitpid, which asked for its end. */
#include "thread.h"
#include <sys/ptrace.h>

static void *traces(void *arg)
{
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        sleep_ms(50);
        CHECK_EQ(ptrace(PTRACE_TRACEME, 0, NULL, NULL), 0);
        raise(SIGUSR1);
        _exit(0);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGUSR1);
    CHECK_EQ(kill(pid, SIGKILL), 0);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, SIGKILL);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    join(spawn(traces, NULL));
    OK("a stop, then the end");
    return 0;
}
