/* Fifty threads in wait or waitid for any child cost no kernel thread each; each
 * gets one child, with its own status. */
#include "thread.h"
#include <sys/ptrace.h>
#include <sys/resource.h>

enum { N = 50 };
static int hold[2];
static pid_t child[N];
static atomic_int seen[N];

static int index_of(pid_t pid)
{
    for (int i = 0; i < N; i++)
        if (child[i] == pid)
            return i;
    return -1;
}

static void *waits(void *arg)
{
    int status, mine;
    siginfo_t info;
    if (arg) {
        CHECK_EQ(waitid(P_ALL, 0, &info, WEXITED), 0);
        CHECK((mine = index_of(info.si_pid)) >= 0);
        CHECK_EQ(info.si_code, CLD_EXITED);
        status = info.si_status << 8;
    } else {
        CHECK((mine = index_of(wait(&status))) >= 0);
    }
    CHECK_EQ(status, mine << 8);
    CHECK_EQ(seen[mine]++, 0);
    return NULL;
}

static pid_t ends_later(int code)
{
    char byte;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid)
        return pid;
    close(hold[1]);
    CHECK_EQ(read(hold[0], &byte, 1), 0);
    _exit(code);
}

static void *has_none(void *arg)
{
    int status;
    CHECK_ERRNO(wait(&status), ECHILD);
    CHECK_ERRNO(waitid(P_ALL, 0, NULL, WEXITED), ECHILD);
    return arg;
}

static void *ignores(void *arg)
{
    CHECK_EQ(pipe(hold), 0);
    CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    for (int i = 0; i < 3; i++)
        ends_later(i);
    close(hold[0]);
    pthread_t t = spawn(has_none, NULL);
    sleep_ms(50);
    close(hold[1]);
    join(t);
    CHECK(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
    return arg;
}

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
    CHECK_EQ(wait(&status), pid);
    CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGUSR1);
    CHECK_EQ(kill(pid, SIGKILL), 0);
    CHECK_EQ(wait(&status), pid);
    CHECK_EQ(status, SIGKILL);
    return arg;
}

static int64_t cpu_ms(void)
{
    struct rusage usage;
    CHECK_EQ(getrusage(RUSAGE_SELF, &usage), 0);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static void *waits_in_vain(void *arg)
{
    wait(NULL);
    return arg;
}

/* A dead child that nobody takes, whoever waited for it before, costs nothing. */
static void *leaves_one(void *arg)
{
    siginfo_t info;
    CHECK_EQ(pipe(hold), 0);
    pid_t pid = ends_later(7);
    pthread_t t = spawn(waits_in_vain, NULL);
    sleep_ms(20);
    CHECK_EQ(pthread_cancel(t), 0);
    CHECK(join(t) == PTHREAD_CANCELED);
    close(hold[0]);
    close(hold[1]);
    CHECK_EQ(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
    CHECK_EQ(info.si_pid, pid);
    int64_t before = cpu_ms();
    sleep_ms(200);
    CHECK(cpu_ms() - before < 100);
    CHECK_EQ(wait(NULL), pid);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[N];
    CHECK_EQ(pipe(hold), 0);
    for (int i = 0; i < N; i++)
        child[i] = ends_later(i);
    for (int i = 0; i < N; i++)
        t[i] = spawn(waits, (void *)(intptr_t)(i % 2));
    until_parked("os", N);
    if (preloaded())
        CHECK(iopatch_counter("os_threads") < N / 4);
    close(hold[0]);
    close(hold[1]);
    for (int i = 0; i < N; i++)
        join(t[i]);
    for (int i = 0; i < N; i++)
        CHECK_EQ(seen[i], 1);
    join(spawn(has_none, NULL));
    OK("%d waits, a child each", N);
    join(spawn(ignores, NULL));
    OK("with SIGCHLD ignored, ECHILD when they are gone");
    join(spawn(traces, NULL));
    OK("a stop for its tracer, then the end");
    join(spawn(leaves_one, NULL));
    OK("one that is left costs nothing");
    return 0;
}
