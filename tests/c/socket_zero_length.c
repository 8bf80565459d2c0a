/* A read of zero bytes from a stream returns zero at once, data or not; a recv
 * of zero bytes waits until there is something, and then takes nothing (so do
 * TCP and unix streams on Linux). Must not change: zero is no end of file
 * here, and what is there stays for the real read. (TCP's ends by whatever
 * wakes the socket, which only the kernel sees: it waits there.) */
#include "asleep.h"

static int end[2];
static struct gate gate;

static void *read_nothing(void *arg)
{
    char c;
    CHECK_EQ(read(end[0], &c, 0), 0);
    CHECK_EQ(write(end[0], &c, 0), 0);
    CHECK_EQ(send(end[0], &c, 0, 0), 0);
    CHECK_ERRNO(recv(end[0], &c, 0, MSG_DONTWAIT), EAGAIN);
    return arg;
}

static void *recv_nothing(void *arg)
{
    char c;
    enter(&gate);
    CHECK_EQ(recv(end[0], &c, 0, 0), 0);
    CHECK_EQ(read(end[0], &c, 0), 0);
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    CHECK_EQ(c, 'x');
    return arg;
}

static void story(const char *name)
{
    join(spawn(read_nothing, NULL));
    gate_open(&gate, "socket");
    pthread_t t = spawn(recv_nothing, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    join(t);
    OK("%s: read of 0 returns, recv of 0 waits, the byte stays", name);
}

static void *pipe_story(void *arg)
{
    int p[2];
    char c;
    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(read(p[0], &c, 0), 0);
    CHECK_EQ(write(p[1], &c, 0), 0);
    CHECK_EQ(write(p[1], "x", 1), 1);
    CHECK_EQ(read(p[0], &c, 0), 0);
    CHECK_EQ(read(p[0], &c, 1), 1);
    return arg;
}

int main(void)
{
    alarm(20);
    tcp_pair(end);
    story("tcp");
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    story("unix");
    must_have_parked("socket", 1);
    join(spawn(pipe_story, NULL));
    OK("pipe: read and write of 0 return");
}
