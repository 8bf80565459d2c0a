/* A negative SO_RCVTIMEO or SO_SNDTIMEO is no time at all: recv and accept fail
 * with EAGAIN at once, connect with EINPROGRESS. An accepted connection
 * inherits it. Must not change: zero, set later, is for ever again. */
#include "asleep.h"

static struct gate gate;

static void set(int fd, int which, long seconds)
{
    struct timeval tv = {.tv_sec = seconds};
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, which, &tv, sizeof tv), 0);
}

static void *story(void *end)
{
    char c;
    struct sockaddr_in addr;
    int l = listener(&addr), fd = *(int *)end;
    set(fd, SO_RCVTIMEO, -1);
    CHECK_ERRNO(recv(fd, &c, 1, 0), EAGAIN);
    CHECK_ERRNO(read(fd, &c, 1), EAGAIN);
    set(l, SO_RCVTIMEO, -5);
    CHECK_ERRNO(accept(l, NULL, NULL), EAGAIN);
    dial(&addr);
    int inherits = accept(l, NULL, NULL);
    CHECK_ERRNO(recv(inherits, &c, 1, 0), EAGAIN);
    OK("EAGAIN at once");
    int s = socket(AF_INET, SOCK_STREAM, 0);
    set(s, SO_SNDTIMEO, -1);
    CHECK_ERRNO(connect(s, (struct sockaddr *)&addr, sizeof addr), EINPROGRESS);
    OK("EINPROGRESS");
    set(fd, SO_RCVTIMEO, 0);
    enter(&gate);
    CHECK_EQ(recv(fd, &c, 1, 0), 1);
    OK("zero is for ever");
    return NULL;
}

int main(void)
{
    alarm(20);
    int end[2];
    tcp_pair(end);
    gate_open(&gate, "socket");
    pthread_t t = spawn(story, end);
    until_asleep(&gate, 1);
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    join(t);
}
