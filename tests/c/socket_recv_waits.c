/* Every call that receives from a TCP socket waits until the peer sends, and
 * then returns what was sent. Must not change: errno when a call succeeds,
 * and bytes beyond the count that is returned. */
#include "asleep.h"
#include <sys/uio.h>

static int end[2];
static struct gate gate;

static ssize_t by_recv(char *p) { return recv(end[0], p, 32, 0); }
static ssize_t by_read(char *p) { return read(end[0], p, 32); }
static ssize_t by_recvfrom(char *p)
{
    struct sockaddr_storage from;
    socklen_t len = sizeof from;
    ssize_t n = recvfrom(end[0], p, 32, 0, (struct sockaddr *)&from, &len);
    CHECK_EQ(len, 0); /* a TCP socket names no sender */
    return n;
}
static ssize_t by_readv(char *p)
{
    struct iovec v[2] = {{p, 2}, {p + 2, 30}};
    return readv(end[0], v, 2);
}
static ssize_t by_recvmsg(char *p)
{
    struct iovec v[2] = {{p, 1}, {p + 1, 31}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
    ssize_t n = recvmsg(end[0], &m, 0);
    CHECK_EQ(m.msg_flags, 0);
    return n;
}

static const struct {
    const char *name, *family;
    ssize_t (*call)(char *);
} way[] = {
    {"recv", "socket", by_recv},         {"read", "rw", by_read},
    {"recvfrom", "socket", by_recvfrom}, {"readv", "rw", by_readv},
    {"recvmsg", "socket", by_recvmsg},
};

static void *receiver(void *arg)
{
    int i = *(int *)arg;
    char buf[40];
    memset(buf, '#', sizeof buf);
    enter(&gate);
    errno = 1234;
    CHECK_EQ(way[i].call(buf), 5);
    CHECK_EQ(errno, 1234);
    CHECK(memcmp(buf, "hello###", 8) == 0);
    return NULL;
}

int main(void)
{
    alarm(20);
    tcp_pair(end);
    for (int i = 0; i < (int)(sizeof way / sizeof *way); i++) {
        gate_open(&gate, way[i].family);
        unsigned long before = parks(way[i].family);
        pthread_t t = spawn(receiver, &i);
        until_asleep(&gate, 1);
        CHECK_EQ(send(end[1], "hello", 5, 0), 5);
        join(t);
        must_have_parked(way[i].family, before + 1);
        OK("%s waits for the peer, and leaves errno", way[i].name);
    }
}
