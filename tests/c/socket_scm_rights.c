/* A descriptor passed over a unix socket (SCM_RIGHTS) blocks where it arrives:
 * recvmsg waits for it, and reads of it wait. Must not change: MSG_CMSG_CLOEXEC
 * is honoured, and the number is the lowest that is free. */
#include "asleep.h"

static int carrier[2];
static struct gate gate;

static void pass(int fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec v = {"!", 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control,
                       .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    *c = (struct cmsghdr){CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    CHECK_EQ(sendmsg(carrier[1], &m, 0), 1);
}

static int take(int flags)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    char mark;
    int fd;
    struct iovec v = {&mark, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control,
                       .msg_controllen = sizeof control};
    CHECK_EQ(recvmsg(carrier[0], &m, flags), 1);
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    CHECK(c && c->cmsg_type == SCM_RIGHTS);
    memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

static void *worker(void *arg)
{
    char c;
    for (int i = 0; i < 2; i++) {
        int lowest = dup(0);
        close(lowest);
        enter(&gate);
        int fd = take(i ? MSG_CMSG_CLOEXEC : 0);
        CHECK_EQ(fd, lowest);
        CHECK_EQ(fcntl(fd, F_GETFD), i ? FD_CLOEXEC : 0);
        CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
        enter(&gate);
        CHECK_EQ(recv(fd, &c, 1, 0), 1);
        CHECK_EQ(c, 'a' + i);
        close(fd);
    }
    return arg;
}

int main(void)
{
    int end[2];
    alarm(20);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, carrier), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    gate_open(&gate, "socket");
    pthread_t t = spawn(worker, NULL);
    for (int i = 0; i < 2; i++) {
        while (gate.n < 2 * i + 1)
            sleep_ms(1);
        sleep_ms(5);
        pass(end[0]);
        while (gate.n < 2 * i + 2)
            sleep_ms(1);
        sleep_ms(5);
        CHECK_EQ(send(end[1], &"ab"[i], 1, 0), 1);
    }
    join(t);
    must_have_parked("socket", 2);
    OK("passed descriptors are received and read by waiting");
}
