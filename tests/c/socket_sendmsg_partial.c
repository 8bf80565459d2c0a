/* sendmsg and writev of many pieces to a full stream wait until all pieces are
 * sent, and resume in the middle of a piece. Must not change: the iovec array
 * and the header, which are the program's and const. */
#include "asleep.h"
#include <sys/uio.h>

enum { PIECES = 300, MAX = 20011 };
static int end[2];
static struct iovec v[PIECES], copy[PIECES];
static char data[PIECES][MAX];
static size_t total;
static struct gate gate;

static void *by_sendmsg(void *arg)
{
    struct msghdr m = {.msg_iov = v, .msg_iovlen = PIECES}, before = m;
    enter(&gate);
    CHECK_EQ(sendmsg(end[0], &m, 0), total);
    CHECK(memcmp(&m, &before, sizeof m) == 0);
    return arg;
}

static void *by_writev(void *arg)
{
    enter(&gate);
    CHECK_EQ(writev(end[0], v, PIECES), total);
    return arg;
}

static void story(const char *name, void *(*how)(void *), const char *family)
{
    static char buf[PIECES * MAX], *p = buf;
    gate_open(&gate, family);
    pthread_t t = spawn(how, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    recv_all(end[1], buf, total);
    join(t);
    p = buf;
    for (int i = 0; i < PIECES; p += v[i++].iov_len)
        CHECK(memcmp(p, data[i], v[i].iov_len) == 0);
    CHECK(memcmp(v, copy, sizeof v) == 0);
    must_have_parked(family, 1);
    OK("%s sends all its pieces, and leaves the array alone", name);
}

int main(void)
{
    alarm(20);
    for (int i = 0; i < PIECES; i++) {
        v[i] = (struct iovec){data[i], (size_t)(i * 7919 % MAX)};
        memset(data[i], i, v[i].iov_len);
        total += v[i].iov_len;
    }
    memcpy(copy, v, sizeof v);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    story("sendmsg", by_sendmsg, "socket");
    story("writev", by_writev, "rw");
}
