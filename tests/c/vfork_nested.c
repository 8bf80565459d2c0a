/* A vfork child that vforks, or forks a child with threads of its own; a vfork
 * that fails; and a vfork whose child is killed. */
#include "thread.h"
#include <sys/resource.h>

static volatile int depth;

static void *works(void *arg)
{
    sleep_ms(1);
    CHECK_EQ(raise(SIGUSR1), 0);
    return arg;
}

static atomic_int handled;

static void handler(int signum) { (void)signum, handled++; }

static void nests(void)
{
    int status;
    handled = depth = 0;
    pid_t pid = vfork();
    if (pid == 0) {
        depth++;
        pid_t inner = vfork();
        if (inner == 0) {
            depth++;
            _exit(3);
        }
        if (depth != 2 || waitpid(inner, &status, 0) != inner || status != 3 << 8)
            _exit(1);
        /* It is the child still. */
        CHECK_EQ(close(0), 0);
        CHECK(signal(SIGUSR1, SIG_IGN) == handler);
        inner = fork();
        if (inner == 0) {
            SAFETY_NET();
            depth = 9;
            CHECK(signal(SIGUSR1, handler) == SIG_IGN);
            pthread_t t[4];
            for (int i = 0; i < 4; i++)
                t[i] = spawn(works, NULL);
            for (int i = 0; i < 4; i++)
                join(t[i]);
            CHECK_EQ(handled, 4);
            _exit(4);
        }
        if (waitpid(inner, &status, 0) != inner || status != 4 << 8)
            _exit(2);
        _exit(5);
    }
    CHECK_EQ(depth, 2);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 5 << 8);
    CHECK(fcntl(0, F_GETFD) != -1);
    CHECK_EQ(raise(SIGUSR1), 0);
    CHECK_EQ(handled, 1);
}

static void is_killed(void)
{
    int status;
    pid_t pid = vfork();
    if (pid == 0) {
        raise(SIGKILL);
        _exit(1);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, SIGKILL);
}

static void fails(void)
{
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        struct rlimit none = {0, 0};
        CHECK_EQ(setrlimit(RLIMIT_NPROC, &none), 0);
        if (geteuid() == 0)
            CHECK_EQ(setresuid(65534, 65534, 65534), 0);
        pid_t child = vfork();
        if (child == 0)
            _exit(1);
        CHECK_EQ(child, -1);
        CHECK_EQ(errno, EAGAIN);
        /* It is no child. */
        CHECK_EQ(raise(SIGUSR1), 0);
        CHECK_EQ(handled, 1);
        _exit(0);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
}

static void *all(void *arg)
{
    for (int i = 0; i < 5; i++)
        nests();
    is_killed();
    handled = 0;
    fails();
    return arg;
}

int main(void)
{
    SAFETY_NET();
    CHECK(signal(SIGUSR1, handler) != SIG_ERR);
    all(NULL);
    OK("from main");
    join(spawn(all, NULL));
    OK("from a thread");
    return 0;
}
