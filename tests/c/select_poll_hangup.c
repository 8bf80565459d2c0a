/* What poll reports at the end: POLLHUP for a pipe and a shut-down socket,
 * POLLRDHUP when asked, POLLERR for a pipe without readers and a reset.
 * Must not change: POLLHUP and POLLERR come unasked, POLLRDHUP does not. */
#include "asleep.h"

static struct gate gate;
struct job {
    int fd;
    short events, want;
};

static void *poller(void *arg)
{
    struct job *j = arg;
    struct pollfd p = {.fd = j->fd, .events = j->events};
    enter(&gate);
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, j->want);
    return NULL;
}

static void story(const char *name, int fd, short events, short want,
                  void (*act)(int), int peer)
{
    struct job j = {fd, events, want};
    gate_open(&gate, "select");
    pthread_t t = spawn(poller, &j);
    until_asleep(&gate, 1);
    act(peer);
    join(t);
    must_have_parked("select", 1);
    OK("%s", name);
}

static void shut(int fd) { close(fd); }
static void half(int fd) { shutdown(fd, SHUT_WR); }
static void reset(int fd)
{
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

static void fill(int fd)
{
    static char block[1 << 16];
    fcntl(fd, F_SETFL, O_NONBLOCK);
    while (write(fd, block, sizeof block) > 0)
        ;
}

int main(void)
{
    int p[2];
    alarm(20);
    CHECK_EQ(pipe(p), 0);
    story("pipe, writer closes: POLLHUP", p[0], POLLIN, POLLHUP, shut, p[1]);
    CHECK_EQ(pipe(p), 0);
    fill(p[1]);
    story("full pipe, reader closes: POLLERR", p[1], POLLOUT, POLLERR, shut, p[0]);
    tcp_pair(p);
    story("tcp, peer shuts down: POLLIN", p[0], POLLIN, POLLIN, half, p[1]);
    tcp_pair(p);
    story("tcp, the same with POLLRDHUP asked", p[0], POLLIN | POLLRDHUP,
          POLLIN | POLLRDHUP, half, p[1]);
    tcp_pair(p);
    story("tcp, only POLLRDHUP asked", p[0], POLLRDHUP, POLLRDHUP, shut, p[1]);
    tcp_pair(p);
    story("tcp, reset: POLLERR and POLLHUP unasked", p[0], 0, POLLERR | POLLHUP,
          reset, p[1]);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
    story("unix, peer closes: POLLIN and POLLHUP", p[0], POLLIN, POLLIN | POLLHUP,
          shut, p[1]);
}
