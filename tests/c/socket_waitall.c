/* MSG_WAITALL returns when the whole count is there: less only at the end of
 * the stream or, with SO_RCVTIMEO, when time is up. Must not change: bytes
 * received before either are returned, and are not an error. */
#include "asleep.h"

static int end[2];
static struct gate gate;
static char buf[64];

static void *want_ten(void *arg)
{
    memset(buf, 0, sizeof buf);
    enter(&gate);
    return (void *)(intptr_t)recv(end[0], buf, 10, MSG_WAITALL | *(int *)arg);
}

static void *want_ten_by_iovec(void *arg)
{
    struct iovec v[3] = {{buf, 3}, {buf + 3, 0}, {buf + 3, 7}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = 3};
    (void)arg;
    memset(buf, 0, sizeof buf);
    enter(&gate);
    return (void *)(intptr_t)recvmsg(end[0], &m, MSG_WAITALL);
}

int main(void)
{
    int none = 0;
    alarm(20);
    tcp_pair(end);
    void *(*way[])(void *) = {want_ten, want_ten_by_iovec};
    for (int i = 0; i < 2; i++) {
        gate_open(&gate, "socket");
        pthread_t t = spawn(way[i], &none);
        until_asleep(&gate, 1);
        for (int k = 0; k < 10; k++) {
            CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
            CHECK_EQ(send(end[1], &"0123456789"[k], 1, 0), 1);
            if (k < 9)
                sleep_ms(1);
        }
        CHECK_EQ((intptr_t)join(t), 10);
        CHECK(strcmp(buf, "0123456789") == 0);
    }
    must_have_parked("socket", 2);
    OK("ten bytes sent one by one are received by one call");

    struct timeval limit = {0, 50000};
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    int64_t start = now_ns();
    CHECK_EQ(send(end[1], "abc", 3, 0), 3);
    CHECK_EQ((intptr_t)join(spawn(want_ten, &none)), 3);
    CHECK_TIMEO(start, 50);
    CHECK(memcmp(buf, "abc", 4) == 0);
    start = now_ns();
    CHECK_EQ((intptr_t)join(spawn(want_ten, &none)), -1);
    CHECK_TIMEO(start, 50);
    OK("time is up: what has come is returned, else an error");

    limit.tv_usec = 0;
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    gate_open(&gate, "socket");
    pthread_t t = spawn(want_ten, &none);
    until_asleep(&gate, 1);
    CHECK_EQ(send(end[1], "abcd", 4, 0), 4);
    close(end[1]);
    CHECK_EQ((intptr_t)join(t), 4);
    CHECK_EQ((intptr_t)join(spawn(want_ten, &none)), 0);
    OK("the peer is gone: what has come is returned, then zero");
}
