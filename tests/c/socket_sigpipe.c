/* A send to a stream that the peer has left: SIGPIPE kills by default;
 * ignored, or with MSG_NOSIGNAL, the call fails with EPIPE. Must not change:
 * a pipe without readers is the same for write and writev; a signal handler
 * of the sending thread runs before the call returns. */
#include "util.h"
#include <sys/uio.h>

static int fd;
static volatile sig_atomic_t caught;
static void on_pipe(int sig) { caught += sig == SIGPIPE; }

static void *by_send(void *arg) { return send(fd, "x", 1, 0), arg; }
static void *by_write(void *arg) { return (void)!write(fd, "x", 1), arg; }

/* The signal that ends a child in which a thread sends. */
static int death(void *(*how)(void *), void (*disposition)(int))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGPIPE, disposition);
        join(spawn(how, NULL));
        _exit(7);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void *quiet(void *arg)
{
    struct iovec v = {"x", 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    (void)arg;
    CHECK_ERRNO(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_ERRNO(sendmsg(fd, &m, MSG_NOSIGNAL), EPIPE);
    signal(SIGPIPE, on_pipe);
    CHECK_ERRNO(send(fd, "x", 1, 0), EPIPE);
    CHECK_EQ(caught, 1);
    CHECK_ERRNO(write(fd, "x", 1), EPIPE);
    CHECK_EQ(caught, 2);
    CHECK_ERRNO(writev(fd, &v, 1), EPIPE);
    CHECK_EQ(caught, 3);
    signal(SIGPIPE, SIG_IGN);
    CHECK_ERRNO(send(fd, "x", 1, 0), EPIPE);
    CHECK_ERRNO(write(fd, "x", 1), EPIPE);
    return NULL;
}

int main(void)
{
    int end[2];
    alarm(20);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    fd = end[0];
    close(end[1]);
    CHECK_EQ(death(by_send, SIG_DFL), SIGPIPE);
    CHECK_EQ(death(by_write, SIG_DFL), SIGPIPE);
    CHECK_EQ(death(by_send, SIG_IGN), 0);
    OK("by default SIGPIPE kills, ignored it does not");
    join(spawn(quiet, NULL));
    OK("MSG_NOSIGNAL, a handler, ignored: EPIPE");

    CHECK_EQ(pipe(end), 0);
    fd = end[1];
    close(end[0]);
    CHECK_EQ(death(by_write, SIG_DFL), SIGPIPE);
    CHECK_EQ(death(by_write, SIG_IGN), 0);
    OK("a pipe without readers does the same");
}
