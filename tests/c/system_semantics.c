/* system(3): statuses, the environment, errno, a command of NULL; SIGINT and
 * SIGQUIT are ignored while any caller is in it, SIGCHLD is blocked for the
 * caller; the command has both as before. All of it from threads and main. */
#include "thread.h"

static atomic_int interrupts, children;

static void on_interrupt(int signum) { (void)signum, interrupts++; }
static void on_child(int signum) { (void)signum, children++; }

static int exit_status(const char *command)
{
    int status = system(command);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void *basics(void *arg)
{
    CHECK(system(NULL) == 1);
    CHECK_EQ(exit_status("exit 3"), 3);
    CHECK_EQ(exit_status("/nowhere/at/all 2>/dev/null"), 127);
    CHECK_EQ(exit_status("exec /nowhere/at/all 2>/dev/null"), 127);
    CHECK_EQ(system("kill -9 $$"), SIGKILL);
    CHECK_EQ(setenv("OF_THE_TEST", "it's here", 1), 0);
    CHECK_EQ(exit_status("test \"$OF_THE_TEST\" = \"it's here\""), 0);
    CHECK_EQ(exit_status("set -- a b; exit $#"), 2);
    CHECK_EQ(exit_status(""), 0);
    return arg;
}

/* The dispositions and the mask that a command finds, as /proc has them. */
static const char *look = "exec grep -E '^Sig(Blk|Ign)' /proc/self/status";

static void *dispositions(void *arg)
{
    struct sigaction action, before = {.sa_handler = on_interrupt};
    sigset_t mask;
    CHECK_EQ(sigaction(SIGINT, &before, NULL), 0);
    CHECK_EQ(exit_status(look), 0);
    CHECK_EQ(sigaction(SIGINT, NULL, &action), 0);
    CHECK(action.sa_handler == on_interrupt);
    CHECK_EQ(sigaction(SIGQUIT, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_DFL);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
    CHECK_EQ(sigismember(&mask, SIGCHLD), 0);
    /* The command interrupts us: it is ignored. */
    CHECK_EQ(exit_status("kill -INT $PPID; kill -QUIT $PPID"), 0);
    CHECK_EQ(interrupts, 0);
    CHECK(signal(SIGINT, SIG_IGN) == on_interrupt);
    CHECK_EQ(exit_status(look), 0);
    CHECK(signal(SIGINT, SIG_DFL) == SIG_IGN);
    return arg;
}

static void *long_one(void *arg)
{
    CHECK_EQ(exit_status(arg), 0);
    return NULL;
}

static void *short_one(void *arg)
{
    struct sigaction action;
    CHECK_EQ(exit_status("true"), 0);
    /* Another is in it still. */
    CHECK_EQ(sigaction(SIGINT, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_IGN);
    return arg;
}

static int ignored(int signum)
{
    struct sigaction action;
    CHECK_EQ(sigaction(signum, NULL, &action), 0);
    return action.sa_handler == SIG_IGN;
}

static void several(void)
{
    int hold[2];
    char command[64];
    CHECK(signal(SIGINT, on_interrupt) == SIG_DFL);
    CHECK_EQ(pipe(hold), 0);
    snprintf(command, sizeof command, "exec %d>&-; read x <&%d || true", hold[1], hold[0]);
    pthread_t t = spawn(long_one, command);
    while (!ignored(SIGINT) || !ignored(SIGQUIT))
        sleep_ms(1);
    join(spawn(short_one, NULL));
    short_one(NULL);
    CHECK_EQ(kill(getpid(), SIGINT), 0);
    CHECK(fcntl(hold[1], F_SETFD, FD_CLOEXEC) == 0);
    close(hold[1]);
    join(t);
    close(hold[0]);
    CHECK_EQ(interrupts, 0);
    CHECK(signal(SIGINT, SIG_DFL) == on_interrupt);
}

static void *with_handler(void *arg)
{
    CHECK(signal(SIGCHLD, on_child) != SIG_ERR);
    CHECK_EQ(exit_status("exit 9"), 9);
    CHECK(signal(SIGCHLD, SIG_IGN) == on_child);
    CHECK_EQ(system("exit 9"), -1);
    CHECK_EQ(errno, ECHILD);
    CHECK(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
    return arg;
}

/* Whether the shell takes such a command for its own options is libc's affair. */
static void *looks_like_an_option(void *arg)
{
    fflush(stdout);
    OK("system says %d", exit_status("-e 2>/dev/null; exit 3"));
    FILE *f = popen("-e 2>/dev/null; exit 3", "r");
    CHECK(f);
    OK("popen says %d", WEXITSTATUS(pclose(f)));
    return arg;
}

int main(void)
{
    SAFETY_NET();
    looks_like_an_option(NULL);
    join(spawn(looks_like_an_option, NULL));
    basics(NULL);
    join(spawn(basics, NULL));
    OK("statuses and the environment");
    dispositions(NULL);
    join(spawn(dispositions, NULL));
    OK("SIGINT, SIGQUIT and SIGCHLD are as before, for us and the command");
    several();
    OK("ignored until the last of several callers has left");
    with_handler(NULL);
    join(spawn(with_handler, NULL));
    OK("with SIGCHLD handled, or ignored");
    return 0;
}
