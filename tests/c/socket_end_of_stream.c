/* When the peer closes, a waiting receive returns what came before, then zero,
 * and zero again ever after. Must not change: the other direction, which
 * still sends after the peer's shutdown. */
#include "asleep.h"

static int end[2];
static struct gate gate;

static void *reader(void *arg)
{
    char buf[64];
    ssize_t n, total = 0;
    (void)arg;
    enter(&gate);
    while ((n = recv(end[0], buf, sizeof buf, 0)) > 0)
        total += n;
    CHECK_EQ(n, 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(read(end[0], buf, sizeof buf), 0);
    CHECK_EQ(recv(end[0], buf, 1, MSG_PEEK), 0);
    CHECK_EQ(recv(end[0], buf, 1, MSG_DONTWAIT), 0);
    CHECK_EQ(send(end[0], "after", 5, 0), 5);
    close(end[0]);
    return (void *)(intptr_t)total;
}

static void story(const char *name, int has_data)
{
    char buf[16];
    gate_open(&gate, "socket");
    pthread_t t = spawn(reader, NULL);
    until_asleep(&gate, 1);
    if (has_data)
        CHECK_EQ(send(end[1], "last words", 10, 0), 10);
    CHECK_EQ(shutdown(end[1], SHUT_WR), 0);
    CHECK_EQ(recv(end[1], buf, sizeof buf, MSG_WAITALL), 5);
    CHECK_EQ((intptr_t)join(t), has_data ? 10 : 0);
    CHECK_EQ(recv(end[1], buf, sizeof buf, 0), 0);
    close(end[1]);
    OK("%s, %s data before the end", name, has_data ? "with" : "without");
}

int main(void)
{
    alarm(20);
    for (int has_data = 0; has_data < 2; has_data++) {
        tcp_pair(end);
        story("tcp", has_data);
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
        story("unix stream", has_data);
    }
    must_have_parked("socket", 4);
}
