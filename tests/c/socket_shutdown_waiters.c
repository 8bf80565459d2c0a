/* shutdown() by another thread ends a wait: recv returns zero, accept fails
 * with EINVAL, a blocked send fails with EPIPE, a poll reports POLLHUP. Must
 * not change: SHUT_WR alone leaves a waiting recv waiting. */
#include "asleep.h"

static int end[2], l;
static struct gate gate;

static void *in_recv(void *arg)
{
    char c;
    enter(&gate);
    CHECK_EQ(recv(end[0], &c, 1, 0), 0);
    CHECK_EQ(recv(end[0], &c, 1, 0), 0);
    return arg;
}

static void *in_accept(void *arg)
{
    enter(&gate);
    CHECK_ERRNO(accept(l, NULL, NULL), EINVAL);
    return arg;
}

static void *in_send(void *arg)
{
    static char block[1 << 16];
    enter(&gate);
    while (send(end[0], block, sizeof block, MSG_NOSIGNAL) > 0)
        ;
    CHECK_EQ(errno, EPIPE);
    return arg;
}

static void *in_poll(void *arg)
{
    struct pollfd p = {.fd = end[0], .events = POLLIN | POLLRDHUP};
    enter(&gate);
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLIN | POLLRDHUP | POLLHUP);
    return arg;
}

static pthread_t waiting(void *(*how)(void *), const char *family)
{
    gate_open(&gate, family);
    pthread_t t = spawn(how, NULL);
    until_asleep(&gate, 1);
    return t;
}

int main(void)
{
    struct sockaddr_in addr;
    alarm(20);
    tcp_pair(end);
    pthread_t t = waiting(in_recv, "socket");
    CHECK_EQ(shutdown(end[0], SHUT_WR), 0);
    sleep_ms(10);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    OK("SHUT_WR leaves recv waiting");
    CHECK_EQ(shutdown(end[0], SHUT_RD), 0);
    join(t);
    OK("SHUT_RD ends recv with 0");

    tcp_pair(end);
    t = waiting(in_recv, "socket");
    CHECK_EQ(shutdown(end[0], SHUT_RDWR), 0);
    join(t);
    OK("SHUT_RDWR ends recv with 0");

    l = listener(&addr);
    t = waiting(in_accept, "socket");
    CHECK_EQ(shutdown(l, SHUT_RDWR), 0);
    join(t);
    OK("SHUT_RDWR ends accept with EINVAL");

    tcp_pair(end);
    t = waiting(in_send, "socket");
    CHECK_EQ(shutdown(end[0], SHUT_WR), 0);
    join(t);
    OK("SHUT_WR ends send with EPIPE");
    must_have_parked("socket", 4);

    tcp_pair(end);
    t = waiting(in_poll, "select");
    CHECK_EQ(shutdown(end[0], SHUT_RDWR), 0);
    join(t);
    must_have_parked("select", 1);
    OK("SHUT_RDWR ends poll with POLLHUP");
}
