/* The flags of a socket belong to a child of clone, too, that has descriptors of its own: made non-blocking
 * there, it does not wait here. */
#include "thread.h"
#include <sched.h>
#include <sys/wait.h>

static int end[2];

static int child(void *arg)
{
    (void)arg;
    return fcntl(end[0], F_SETFL, O_NONBLOCK) != 0;
}

static void *receiver(void *arg)
{
    static char stack[65536] __attribute__((aligned(16)));
    char c;
    int status;
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    pid_t pid = clone(child, stack + sizeof stack, SIGCHLD, NULL);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    CHECK_EQ(recv(end[0], &c, 1, 0), -1);
    CHECK_EQ(errno, EAGAIN);
    return arg;
}

int main(void)
{
    alarm(20);
    join(spawn(receiver, NULL));
    OK("the flags of a socket are those of both");
}
