/* UDP: recvfrom waits and tells the sender, a connected socket hears its peer
 * only, a send to nobody makes the next call fail with ECONNREFUSED. Must not
 * change: datagrams of others, which a connected socket never returns. */
#include "asleep.h"

static struct gate gate;
static int server;

static int bound(struct sockaddr_in *addr)
{
    socklen_t len = sizeof *addr;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    *addr = (struct sockaddr_in){.sin_family = AF_INET};
    addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(bind(fd, (struct sockaddr *)addr, sizeof *addr), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)addr, &len), 0);
    return fd;
}

static void *echo(void *arg)
{
    char buf[2000];
    struct sockaddr_in from;
    for (;;) {
        socklen_t len = sizeof from;
        enter(&gate);
        ssize_t n = recvfrom(server, buf, sizeof buf, 0, (struct sockaddr *)&from, &len);
        CHECK(n >= 0);
        CHECK_EQ(len, sizeof from);
        if (n == 0)
            return arg;
        CHECK_EQ(sendto(server, buf, (size_t)n, 0, (struct sockaddr *)&from, len), n);
    }
}

static void *refused(void *arg)
{
    struct sockaddr_in nobody;
    char c;
    close(bound(&nobody));
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_EQ(connect(fd, (struct sockaddr *)&nobody, sizeof nobody), 0);
    CHECK_EQ(send(fd, "x", 1, 0), 1);
    CHECK_ERRNO(recv(fd, &c, 1, 0), ECONNREFUSED);
    CHECK_EQ(send(fd, "x", 1, 0), 1);
    CHECK_ERRNO(send(fd, "x", 1, 0), ECONNREFUSED);
    return arg;
}

int main(void)
{
    struct sockaddr_in addr, mine;
    char out[1000], in[2000];
    alarm(20);
    server = bound(&addr);
    gate_open(&gate, "socket");
    pthread_t t = spawn(echo, NULL);
    int fd = bound(&mine), stranger = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_EQ(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
    for (int i = 1; i <= 200; i++) {
        memset(out, i, sizeof out);
        CHECK_EQ(sendto(stranger, "?", 1, 0, (struct sockaddr *)&mine, sizeof mine), 1);
        CHECK_EQ(send(fd, out, (size_t)i * 5, 0), i * 5);
        CHECK_EQ(recv(fd, in, sizeof in, 0), i * 5);
        CHECK(memcmp(in, out, (size_t)i * 5) == 0);
    }
    CHECK_EQ(send(fd, "", 0, 0), 0);
    join(t);
    OK("200 datagrams echoed; an empty one arrives; strangers are not heard");
    join(spawn(refused, NULL));
    OK("nobody there: ECONNREFUSED on the next call");
}
