/* timed */
/* SO_RCVTIMEO: a receive without data ends with EAGAIN after the time. Must
 * not change: data that come in time are received, a wait that has begun keeps
 * the limit it began with, and zero means waiting without an end. */
#include "asleep.h"
#include <sys/uio.h>

static int end[2];
static struct gate gate;

static void limit(int fd, long ms)
{
    struct timeval tv = {ms / 1000, ms % 1000 * 1000};
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
}

static void *receiver(void *arg)
{
    char c;
    enter(&gate);
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    return arg;
}

static void *story(void *arg)
{
    char c;
    struct iovec v = {&c, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    (void)arg;
    for (int way = 0; way < 5; way++) {
        limit(end[0], 30);
        int64_t start = now_ns();
        switch (way) {
        case 0: CHECK_ERRNO(recv(end[0], &c, 1, 0), EAGAIN); break;
        case 1: CHECK_ERRNO(read(end[0], &c, 1), EAGAIN); break;
        case 2: CHECK_ERRNO(recvfrom(end[0], &c, 1, 0, NULL, NULL), EAGAIN); break;
        case 3: CHECK_ERRNO(recvmsg(end[0], &m, 0), EAGAIN); break;
        case 4: CHECK_ERRNO(readv(end[0], &v, 1), EAGAIN); break;
        }
        CHECK_TIMEO(start, 30);
        CHECK(now_ns() - start < 5000 * 1000000LL);
    }
    OK("recv, read, recvfrom, recvmsg, readv: EAGAIN, not before its time");

    limit(end[0], 10000);
    gate_open(&gate, "socket");
    pthread_t t = spawn(receiver, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    join(t);
    OK("data in time is received");

    limit(end[0], 0);
    gate_open(&gate, "socket");
    t = spawn(receiver, NULL);
    until_asleep(&gate, 1);
    limit(end[0], 1); /* a wait that has begun keeps its own limit */
    sleep_ms(30);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    join(t);
    OK("zero waits without an end, even if a limit is set meanwhile");
    return NULL;
}

int main(void)
{
    alarm(20);
    tcp_pair(end);
    join(spawn(story, NULL));
    must_have_parked("socket", 5);
}
