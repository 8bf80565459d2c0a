/* A thread that has given up its capabilities can't follow when another sets
 * the user of the process: glibc ends the process by abort(3) then, which
 * calls a handler first. Needs root. */
#include "util.h"
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static atomic_int *handled;
static atomic_int dropped;
static int pair[2];

static void drop(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {0};
    CHECK_EQ(syscall(SYS_capset, &header, none), 0);
    dropped = 1;
}

static void *drops_and_computes(void *unused)
{
    drop();
    for (;;)
        *(volatile int *)&dropped;
    return unused;
}

static void *drops_and_waits(void *unused)
{
    char byte;
    drop();
    CHECK(recv(pair[0], &byte, 1, 0) < 0);
    return unused;
}

static void *drops_and_asks(void *unused)
{
    drop();
    (void)!setuid(1000);
    return unused;
}

static void abort_handler(int signum)
{
    (void)signum;
    *handled = 1;
}

static void ends(const char *what, void *(*start)(void *), int main_asks)
{
    *handled = 0;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        pthread_t thread;
        alarm(20);
        signal(SIGABRT, abort_handler);
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        CHECK_EQ(pthread_create(&thread, NULL, start, NULL), 0);
        while (!dropped)
            usleep(1000);
        usleep(20000);
        if (main_asks)
            (void)!setuid(1000);
        pthread_join(thread, NULL);
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGABRT);
    CHECK_EQ(*handled, 1);
    OK("%s: a handler, and the end", what);
}

int main(void)
{
    if (geteuid() != 0) {
        OK("nothing to give up");
        return 0;
    }
    handled = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(handled != MAP_FAILED);
    ends("beside one that computes", drops_and_computes, 1);
    ends("beside one that waits", drops_and_waits, 1);
    ends("by the one that can't", drops_and_asks, 0);
    return 0;
}
