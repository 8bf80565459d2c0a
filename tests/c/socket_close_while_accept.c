/* close() of a listener in which another thread waits in accept: the wait
 * holds the listener open, clients still connect, and one is accepted. Must
 * not change: afterwards the port is closed (ECONNREFUSED). */
#include "asleep.h"

static int l;
static struct gate gate;

static void *acceptor(void *arg)
{
    (void)arg;
    enter(&gate);
    int fd = accept(l, NULL, NULL);
    CHECK(fd >= 0);
    return (void *)(intptr_t)fd;
}

int main(void)
{
    struct sockaddr_in addr;
    char c;
    alarm(20);
    l = listener(&addr);
    gate_open(&gate, "socket");
    pthread_t t = spawn(acceptor, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(close(l), 0);
    sleep_ms(10);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    OK("accept goes on waiting");

    int client = dial(&addr);
    int fd = (int)(intptr_t)join(t);
    CHECK_EQ(send(client, "x", 1, 0), 1);
    CHECK_EQ(recv(fd, &c, 1, 0), 1);
    must_have_parked("socket", 1);
    OK("a client still connects, and is accepted");

    int late = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_ERRNO(connect(late, (struct sockaddr *)&addr, sizeof addr), ECONNREFUSED);
    OK("afterwards the port is closed");
}
