/* A tracer is the thread that has attached, wherever it waits meanwhile; its tracee is free when it ends. */
#include "moves.h"
#include <sys/ptrace.h>
#include <sys/wait.h>

static pid_t child(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        alarm(30);
        for (;;)
            pause();
    }
    CHECK(pid > 0);
    return pid;
}

static void seize(pid_t pid)
{
    int status;
    CHECK_EQ(ptrace(PTRACE_SEIZE, pid, NULL, NULL), 0);
    CHECK_EQ(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL), 0);
    CHECK_EQ(waitpid(pid, &status, __WALL), pid);
    CHECK(WIFSTOPPED(status));
}

static void *traces(void *arg)
{
    for (int i = 0; i < 10; i++) {
        pid_t pid = child();
        seize(pid);
        move_on(i);
        CHECK_EQ(ptrace(PTRACE_CONT, pid, NULL, NULL), 0);
        CHECK_EQ(kill(pid, SIGKILL), 0);
        CHECK_EQ(waitpid(pid, NULL, __WALL), pid);
    }
    return arg;
}

static void *leaves(void *arg)
{
    *(pid_t *)arg = child();
    seize(*(pid_t *)arg);
    return NULL;
}

static void *traces_again(void *arg)
{
    pid_t pid = *(pid_t *)arg;
    for (int i = 0; ptrace(PTRACE_SEIZE, pid, NULL, NULL) != 0; i++) {
        CHECK_EQ(errno, EPERM);
        CHECK(i < 5000);
        sleep_ms(1);
    }
    CHECK_EQ(kill(pid, SIGKILL), 0);
    CHECK_EQ(waitpid(pid, NULL, __WALL), pid);
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pid_t pid;
    begin_moves();
    pthread_t t[2] = {spawn(traces, NULL), spawn(traces, NULL)};
    join(t[0]);
    join(t[1]);
    OK("a tracer stays one");
    join(spawn(leaves, &pid));
    join(spawn(traces_again, &pid));
    OK("its end frees the tracee");
    end_moves();
    return 0;
}
