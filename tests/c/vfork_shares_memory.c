/* vfork from main and from threads: the child runs in the caller's memory
 * before the caller goes on, and what it does to its descriptors, signals and
 * working directory is not the caller's. */
#include "thread.h"
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static int end[2], spare[2];
static volatile int steps;
static atomic_int handled;

static void handler(int signum) { (void)signum, handled++; }

static void in_child(const char *name, pid_t parent)
{
    struct sigaction action = {.sa_handler = handler}, old;
    struct rlimit limit = {16, 16};
    stack_t stack = {.ss_flags = SS_DISABLE};
    sigset_t set;
    char byte, text[32];

    steps++;
    CHECK_EQ(getppid(), parent);
    /* What it does with its copies of our descriptors. */
    CHECK_EQ(read(spare[0], &byte, 1), 1);
    CHECK_EQ(dup2(spare[1], end[1]), end[1]);
    CHECK_EQ(close(end[0]), 0);
    CHECK_EQ(fcntl(end[0], F_GETFD), -1);
    CHECK_EQ(errno, EBADF);
    CHECK_EQ(open("/dev/null", O_RDWR), end[0]);
    CHECK_EQ(fcntl(spare[0], F_SETFD, FD_CLOEXEC), 0);
    CHECK_EQ(close_range(end[0], ~0U, 0), 0);
    /* Signals: our handler is told of, and can be replaced. */
    CHECK_EQ(sigaction(SIGUSR1, NULL, &old), 0);
    CHECK(old.sa_handler == handler && !(old.sa_flags & SA_SIGINFO));
    CHECK_EQ(sigemptyset(&set) | sigaddset(&set, SIGUSR2), 0);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, NULL, &set), 0);
    CHECK(sigismember(&set, SIGUSR2) && !sigismember(&set, SIGTERM));
    CHECK_EQ(sigemptyset(&set), 0);
    CHECK_EQ(sigprocmask(SIG_SETMASK, &set, NULL), 0);
    CHECK_EQ(raise(SIGUSR1) | kill(getpid(), SIGUSR1), 0);
    CHECK(signal(SIGUSR1, SIG_IGN) == handler);
    CHECK_EQ(raise(SIGUSR1), 0);
    CHECK_EQ(sigaction(SIGUSR2, &action, &old), 0);
    CHECK(old.sa_handler == SIG_DFL);
    CHECK_EQ(sigaltstack(&stack, NULL), 0);
    /* The rest of what is its own. */
    CHECK_EQ(chdir("/"), 0);
    CHECK(setsid() == getpid());
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK_EQ(prctl(PR_SET_NAME, name), 0);
    CHECK(nice(3) != -1);
    CHECK_EQ(gettid(), getpid());
    CHECK_EQ(snprintf(text, sizeof text, "%d", getpid()) > 0, 1);
    CHECK_EQ(usleep(1000), 0);
    steps++;
}

static void forks(void)
{
    char byte = 'x', name[16], cwd[2][PATH_MAX];
    struct sigaction action = {.sa_handler = handler}, now;
    struct rlimit before, after;
    sigset_t set, mask;
    int status;
    pid_t parent = getpid(), tid = gettid();

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end) | pipe(spare), 0);
    send_all(end[0], &byte, 1);
    recv_all(end[1], &byte, 1);
    CHECK_EQ(write(spare[1], "y", 1), 1);
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_EQ(sigemptyset(&set) | sigaddset(&set, SIGUSR2), 0);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &set, NULL), 0);
    CHECK(getcwd(cwd[0], PATH_MAX));
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    CHECK_EQ(prctl(PR_SET_NAME, "parent"), 0);
    handled = steps = 0;
    errno = 77;

    pid_t pid = vfork();
    if (pid == 0) {
        in_child("child", parent);
        _exit(steps == 2 ? 5 : 6);
    }
    CHECK(pid > 0);
    CHECK_EQ(steps, 2);
    CHECK_EQ(handled, 2);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 5 << 8);

    CHECK_EQ(getpid(), parent);
    CHECK_EQ(gettid(), tid);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
    CHECK(sigismember(&mask, SIGUSR2));
    CHECK(!sigismember(&mask, SIGUSR1));
    CHECK_EQ(sigaction(SIGUSR1, NULL, &now), 0);
    CHECK(now.sa_handler == handler);
    CHECK_EQ(sigaction(SIGUSR2, NULL, &now), 0);
    CHECK(now.sa_handler == SIG_DFL);
    CHECK_EQ(pthread_kill(pthread_self(), SIGUSR1), 0);
    CHECK_EQ(handled, 3);
    CHECK(getcwd(cwd[1], PATH_MAX) && !strcmp(cwd[0], cwd[1]));
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
    CHECK_EQ(before.rlim_cur, after.rlim_cur);
    CHECK_EQ(prctl(PR_GET_NAME, name), 0);
    CHECK(!strcmp(name, "parent"));
    /* Our descriptors are open, blocking, and end in our waits as before. */
    for (int i = 0; i < 3; i++) {
        send_all(end[0], &byte, 1);
        recv_all(end[1], &byte, 1);
    }
    CHECK_ERRNO(recv(end[1], &byte, 1, MSG_DONTWAIT), EAGAIN);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(close(end[i]) | close(spare[i]), 0);
    CHECK_EQ(sigemptyset(&set), 0);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &set, NULL), 0);
    CHECK(signal(SIGUSR1, SIG_DFL) == handler);
}

static void *forks_often(void *arg)
{
    for (int i = 0; i < 10; i++)
        forks();
    return arg;
}

static void *sends(void *arg)
{
    for (int i = 0; i < 1000; i++)
        send_all((int)(intptr_t)arg, "x", 1);
    return NULL;
}

/* A thread's wait that began before the vfork ends in it, and after it. */
static void *receives_beside(void *arg)
{
    int p[2], status;
    char byte;
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
    pthread_t t = spawn(sends, (void *)(intptr_t)p[0]);
    for (int i = 0; i < 1000; i++) {
        if (i % 100 == 0) {
            pid_t pid = vfork();
            if (pid == 0) {
                close(p[1]);
                close(p[0]);
                execl("/bin/true", "true", NULL);
                _exit(127);
            }
            CHECK_EQ(waitpid(pid, &status, 0), pid);
            CHECK_EQ(status, 0);
        }
        recv_all(p[1], &byte, 1);
    }
    join(t);
    CHECK_EQ(close(p[0]) | close(p[1]), 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    forks();
    OK("from main, alone");
    join(spawn(forks_often, NULL));
    OK("from a thread");
    forks();
    OK("from main, with threads");
    pthread_t t[8];
    for (int i = 0; i < 8; i++)
        t[i] = spawn(receives_beside, NULL);
    for (int i = 0; i < 8; i++)
        join(t[i]);
    OK("from several at a time");
    return 0;
}
