/* Four threads in accept on one listener: each connection goes to one of them.
 * Must not change: none is lost in a burst, and who was not served goes on
 * waiting until the listener is shut down. */
#include "asleep.h"

enum { ACCEPTORS = 4, CLIENTS = 200 };
static int l;
static struct gate gate;
static atomic_int total;

static void *acceptor(void *arg)
{
    (void)arg;
    enter(&gate);
    for (int fd; (fd = accept(l, NULL, NULL)) >= 0; total++) {
        CHECK_EQ(send(fd, "hi", 2, 0), 2);
        close(fd);
    }
    CHECK_EQ(errno, EINVAL);
    return NULL;
}

static void *client(void *arg)
{
    char buf[2];
    int fd = dial(arg);
    recv_all(fd, buf, 2);
    CHECK_EQ(recv(fd, buf, 1, 0), 0);
    close(fd);
    return NULL;
}

int main(void)
{
    struct sockaddr_in addr;
    pthread_t t[ACCEPTORS], c[CLIENTS];
    alarm(20);
    l = listener(&addr);
    gate_open(&gate, "socket");
    for (int i = 0; i < ACCEPTORS; i++)
        t[i] = spawn(acceptor, NULL);
    until_asleep(&gate, ACCEPTORS);
    for (int i = 0; i < CLIENTS; i++)
        c[i] = spawn(client, &addr);
    for (int i = 0; i < CLIENTS; i++)
        join(c[i]);
    client(&addr);
    CHECK_EQ(shutdown(l, SHUT_RDWR), 0);
    for (int i = 0; i < ACCEPTORS; i++)
        join(t[i]);
    CHECK_EQ(total, CLIENTS + 1);
    must_have_parked("socket", ACCEPTORS);
    OK("each of %d clients was accepted once by four threads", CLIENTS + 1);
}
