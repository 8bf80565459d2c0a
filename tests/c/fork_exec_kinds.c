/* execve, fexecve, execveat and execvpe from a thread that waits, has an
 * alternate stack, handlers and a mask, or keeps its OS thread: the program
 * finds its handlers gone, what was ignored ignored, the mask, no such stack. */
#include "thread.h"
#include <sched.h>

static char self[PATH_MAX];
static int kind;

static void handler(int signum) { (void)signum; }

static void *breathes(void *arg)
{
    for (;;)
        sleep_ms(1);
    return arg;
}

static void *execs(void *arg)
{
    static char room[65536];
    stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    char number[16], *argv[] = {self, number, NULL}, *envp[] = {"OF_THE_TEST=yes", NULL};
    char *preload = getenv("LD_PRELOAD"), line[PATH_MAX + 16];
    char *with_preload[] = {envp[0], line, NULL};
    cpu_set_t cpus;
    sigset_t set;

    snprintf(line, sizeof line, "LD_PRELOAD=%s", preload ? preload : "");
    snprintf(number, sizeof number, "%d", getpid());
    CHECK_EQ(sigaltstack(&stack, NULL), 0);
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK(signal(SIGHUP, SIG_IGN) != SIG_ERR);
    CHECK_EQ(sigemptyset(&set) | sigaddset(&set, SIGUSR2), 0);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &set, NULL), 0);
    sleep_ms(2);
    if (kind >= 4) {
        CHECK_EQ(sched_getaffinity(0, sizeof cpus, &cpus), 0);
        CHECK_EQ(sched_setaffinity(0, sizeof cpus, &cpus), 0);
    }
    int fd = open(self, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    switch (kind % 4) {
    case 0: execve(self, argv, with_preload); break;
    case 1: fexecve(fd, argv, with_preload); break;
    case 2: execveat(fd, "", argv, with_preload, AT_EMPTY_PATH); break;
    case 3: execvpe(self, argv, with_preload); break;
    }
    CHECK(!"exec");
    return arg;
}

static int look(pid_t pid)
{
    struct sigaction action;
    stack_t stack;
    sigset_t set;
    CHECK_EQ(getpid(), pid);
    CHECK(!strcmp(getenv("OF_THE_TEST"), "yes"));
    CHECK_EQ(sigaction(SIGUSR1, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_DFL);
    CHECK_EQ(sigaction(SIGHUP, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_IGN);
    CHECK_EQ(sigaltstack(NULL, &stack), 0);
    CHECK_EQ(stack.ss_flags, SS_DISABLE);
    CHECK_EQ(sigprocmask(SIG_SETMASK, NULL, &set), 0);
    for (int s = 1; s < NSIG; s++)
        CHECK_EQ(sigismember(&set, s), s == SIGUSR2);
    return 9;
}

int main(int argc, char **argv)
{
    int status;
    SAFETY_NET();
    if (argc == 2)
        return look(atoi(argv[1]));
    CHECK(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    for (kind = 0; kind < 8; kind++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            SAFETY_NET();
            for (int i = 0; i < 5; i++)
                spawn(breathes, NULL);
            join(spawn(execs, NULL));
        }
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK_EQ(status, 9 << 8);
    }
    OK("execve, fexecve, execveat and execvpe");
    return 0;
}
