/* A socket that is sent to another process by sendmmsg has flags that belong to both: made non-blocking
 * there, it does not wait here. By a thread, and by main. */
#include "util.h"
#include "thread.h"
#include <sys/wait.h>

static int way[2];

static void carry(int fd)
{
    char control[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec v = {"!", 1};
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control,
                                    .msg_controllen = sizeof control}};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m.msg_hdr);
    *c = (struct cmsghdr){CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    CHECK_EQ(sendmmsg(way[0], &m, 1, 0), 1);
}

static int fetch(int from)
{
    char mark, control[CMSG_SPACE(sizeof(int))];
    int fd;
    struct iovec v = {&mark, 1};
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control,
                                    .msg_controllen = sizeof control}};
    CHECK_EQ(recvmmsg(from, &m, 1, 0, NULL), 1);
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m.msg_hdr)), sizeof fd);
    return fd;
}

/* What the other process does: makes what comes non-blocking, and says so. */
static void other(void)
{
    char c = '!';
    for (int i = 0; i < 2; i++) {
        int fd = fetch(way[1]);
        CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
        CHECK_EQ(write(way[1], &c, 1), 1);
    }
    _exit(0);
}

static void *receiver(void *fd)
{
    char c;
    CHECK_EQ(recv(*(int *)fd, &c, 1, 0), -1);
    CHECK_EQ(errno, EAGAIN);
    return NULL;
}

static void *sender(void *fd)
{
    char c;
    carry(*(int *)fd);
    CHECK_EQ(read(way[0], &c, 1), 1);
    return NULL;
}

int main(void)
{
    int end[2], status;
    alarm(20);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, way), 0);
    pid_t child = fork();
    if (child == 0)
        other();
    for (int by_main = 0; by_main < 2; by_main++) {
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
        if (by_main)
            sender(&end[0]);
        else
            join(spawn(sender, &end[0]));
        join(spawn(receiver, &end[0]));
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    OK("the flags of a socket that was sent are its receiver's, too");
}
