/* poll for POLLOUT waits while the socket or pipe is full and returns when
 * there is room; asked for both ways it tells which. Must not change: a read
 * by one thread and a poll for writing by another go on side by side. */
#include "asleep.h"

static int end[2];
static struct gate gate;

static void *until_writable(void *arg)
{
    struct pollfd p = {.fd = end[0], .events = POLLIN | POLLOUT};
    enter(&gate);
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLOUT);
    return arg;
}

static void *reader(void *arg)
{
    char c;
    enter(&gate);
    CHECK_EQ(read(end[0], &c, 1), 1);
    return arg;
}

static void story(const char *name, int is_pipe)
{
    static char block[1 << 16];
    CHECK_EQ(fcntl(end[0], F_SETFL, O_NONBLOCK), 0);
    ssize_t n, total = 0;
    while ((n = write(end[0], block, sizeof block)) > 0)
        total += n;
    CHECK_EQ(errno, EAGAIN);
    CHECK_EQ(fcntl(end[0], F_SETFL, 0), 0);
    pthread_t u = 0;
    gate_open(&gate, is_pipe ? "select" : "rw");
    if (!is_pipe) {
        u = spawn(reader, NULL);
        until_asleep(&gate, 1);
    }
    gate_open(&gate, "select");
    pthread_t t = spawn(until_writable, NULL);
    until_asleep(&gate, 1);
    for (; total > 0; total -= n)
        CHECK((n = read(end[1], block, sizeof block)) > 0);
    join(t);
    if (!is_pipe) {
        CHECK_EQ(pthread_tryjoin_np(u, NULL), EBUSY);
        CHECK_EQ(write(end[1], "x", 1), 1);
        join(u);
    }
    OK("%s: POLLOUT when there is room", name);
}

int main(void)
{
    int p[2];
    alarm(20);
    tcp_pair(end);
    story("tcp", 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    story("unix", 0);
    CHECK_EQ(pipe(p), 0);
    end[0] = p[1], end[1] = p[0];
    story("pipe", 1);
    must_have_parked("select", 3);
}
