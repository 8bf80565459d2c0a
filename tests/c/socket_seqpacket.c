/* A unix SOCK_SEQPACKET connection keeps message limits as datagrams do and
 * ends as a stream does; MSG_EOR marks nothing of its own here. Must not
 * change: read() takes one message, the rest of a long one is lost. */
#include "asleep.h"

static int end[2];
static struct gate gate;

static void *receiver(void *arg)
{
    char buf[16];
    struct iovec v = {buf, sizeof buf};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    enter(&gate);
    CHECK_EQ(read(end[0], buf, sizeof buf), 3);
    CHECK_EQ(read(end[0], buf, 2), 2);
    CHECK_EQ(recvmsg(end[0], &m, 0), 5);
    CHECK_EQ(recv(end[0], buf, 1, MSG_PEEK | MSG_TRUNC), 4);
    CHECK_EQ(recv(end[0], buf, sizeof buf, MSG_WAITALL), 4);
    CHECK_EQ(recv(end[0], buf, sizeof buf, 0), 0);
    CHECK_EQ(read(end[0], buf, sizeof buf), 0);
    return arg;
}

int main(void)
{
    alarm(20);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, end), 0);
    gate_open(&gate, "rw");
    pthread_t t = spawn(receiver, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(write(end[1], "abc", 3), 3);
    CHECK_EQ(send(end[1], "long one", 8, 0), 8);
    CHECK_EQ(send(end[1], "fifth", 5, MSG_EOR), 5);
    CHECK_EQ(send(end[1], "four", 4, 0), 4);
    CHECK_EQ(shutdown(end[1], SHUT_WR), 0);
    join(t);
    must_have_parked("rw", 1);
    OK("one message a receive, then the end");
}
