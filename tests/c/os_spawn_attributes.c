/* posix_spawn from a thread and from main: each attribute, and file actions in
 * their order, as the new program finds them. */
#include "thread.h"
#include <spawn.h>
#include <sched.h>

extern char **environ;
static char self[PATH_MAX];

static void handler(int signum) { (void)signum; }

static int spawned(const posix_spawn_file_actions_t *fa, const posix_spawnattr_t *attr, char *what)
{
    pid_t pid;
    int status;
    char *argv[] = {self, what, NULL};
    CHECK_EQ(posix_spawn(&pid, self, fa, attr, argv, environ), 0);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void *spawns(void *arg)
{
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t attr;
    sigset_t set;
    int p[2];
    pid_t pid;
    char line[32], *missing[] = {"/nowhere", NULL};

    CHECK_EQ(sigemptyset(&set) | sigaddset(&set, SIGUSR2), 0);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &set, NULL), 0);
    CHECK(signal(SIGUSR1, handler) != SIG_ERR);
    CHECK(signal(SIGHUP, SIG_IGN) != SIG_ERR);
    CHECK_EQ(spawned(NULL, NULL, "inherits"), 0);

    CHECK_EQ(posix_spawnattr_init(&attr), 0);
    CHECK_EQ(sigemptyset(&set) | sigaddset(&set, SIGTERM), 0);
    CHECK_EQ(posix_spawnattr_setsigmask(&attr, &set), 0);
    CHECK_EQ(sigemptyset(&set) | sigaddset(&set, SIGHUP), 0);
    CHECK_EQ(posix_spawnattr_setsigdefault(&attr, &set), 0);
    CHECK_EQ(posix_spawnattr_setpgroup(&attr, 0), 0);
    CHECK_EQ(posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                 POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_RESETIDS), 0);
    CHECK_EQ(spawned(NULL, &attr, "attributes"), 0);
    CHECK_EQ(posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID), 0);
    CHECK_EQ(spawned(NULL, &attr, "session"), 0);
    CHECK_EQ(posix_spawnattr_destroy(&attr), 0);

    CHECK_EQ(pipe2(p, O_CLOEXEC), 0);
    CHECK_EQ(posix_spawn_file_actions_init(&fa), 0);
    CHECK_EQ(posix_spawn_file_actions_adddup2(&fa, p[1], 100), 0);
    CHECK_EQ(posix_spawn_file_actions_addclose(&fa, p[1]), 0);
    CHECK_EQ(posix_spawn_file_actions_addopen(&fa, p[1], "/dev/null", O_RDONLY, 0), 0);
    CHECK_EQ(posix_spawn_file_actions_adddup2(&fa, 100, 101), 0);
    CHECK_EQ(posix_spawn_file_actions_addclose(&fa, 100), 0);
    CHECK_EQ(posix_spawn_file_actions_addchdir_np(&fa, "/"), 0);
    CHECK_EQ(spawned(&fa, NULL, "files"), 0);
    CHECK_EQ(posix_spawn_file_actions_destroy(&fa), 0);
    CHECK_EQ(close(p[1]), 0);
    CHECK_EQ(read(p[0], line, sizeof line), 3);
    CHECK_EQ(read(p[0], line, sizeof line), 0);
    CHECK_EQ(close(p[0]), 0);

    CHECK_EQ(posix_spawn(&pid, "/nowhere", NULL, NULL, missing, environ), ENOENT);
    CHECK_EQ(posix_spawnp(&pid, "no-such-command", NULL, NULL, missing, environ), ENOENT);
    CHECK_ERRNO(waitpid(-1, NULL, WNOHANG), ECHILD);
    return arg;
}

static int is_action(int signum, void (*wanted)(int))
{
    struct sigaction action;
    CHECK_EQ(sigaction(signum, NULL, &action), 0);
    return action.sa_handler == wanted;
}

static int blocks_only(int signum)
{
    sigset_t set;
    CHECK_EQ(sigprocmask(SIG_SETMASK, NULL, &set), 0);
    for (int s = 1; s < NSIG; s++)
        if (sigismember(&set, s) != (s == signum))
            return 0;
    return 1;
}

/* The new program: 0 if it is as its argument says. */
static int look(const char *what)
{
    char cwd[PATH_MAX];
    stack_t stack;
    CHECK_EQ(sigaltstack(NULL, &stack), 0);
    CHECK_EQ(stack.ss_flags, SS_DISABLE);
    CHECK(is_action(SIGUSR1, SIG_DFL));
    if (!strcmp(what, "inherits"))
        return !(blocks_only(SIGUSR2) && is_action(SIGHUP, SIG_IGN));
    if (!strcmp(what, "attributes"))
        return !(blocks_only(SIGTERM) && is_action(SIGHUP, SIG_DFL) && getpgrp() == getpid());
    if (!strcmp(what, "session"))
        return getsid(0) != getpid();
    CHECK_EQ(write(101, "yes", 3), 3);
    CHECK_EQ(fcntl(100, F_GETFD), -1);
    CHECK(getcwd(cwd, sizeof cwd));
    return strcmp(cwd, "/");
}

int main(int argc, char **argv)
{
    SAFETY_NET();
    if (argc == 2)
        return look(argv[1]);
    CHECK(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    spawns(NULL);
    join(spawn(spawns, NULL));
    OK("attributes and file actions");
    return 0;
}
