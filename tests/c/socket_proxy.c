/* The two-thread proxy: one thread for each direction, half-closes handed on.
 * Clients talk to an echo server through it. Must not change: each direction
 * ends on its own, and every byte arrives on the right connection. */
#include "util.h"

enum { CLIENTS = 20, BYTES = 100000 };
static struct sockaddr_in echo_addr, proxy_addr;
static int echo_l, proxy_l;

struct way {
    int from, to;
};

static void *pump(void *arg)
{
    struct way *w = arg;
    char buf[3000];
    ssize_t n;
    while ((n = recv(w->from, buf, sizeof buf, 0)) > 0)
        send_all(w->to, buf, (size_t)n);
    CHECK_EQ(n, 0);
    CHECK_EQ(shutdown(w->to, SHUT_WR), 0);
    return NULL;
}

static void *relay(void *arg)
{
    int near = (int)(intptr_t)arg, far = dial(&echo_addr);
    struct way up = {near, far}, down = {far, near};
    pthread_t t = spawn(pump, &up);
    pump(&down);
    join(t);
    close(near);
    close(far);
    return NULL;
}

static void *echo(void *arg)
{
    int fd = (int)(intptr_t)arg;
    struct way self = {fd, fd};
    pump(&self);
    close(fd);
    return NULL;
}

static void *accept_all(void *arg)
{
    int proxy = arg != NULL;
    pthread_t t[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        intptr_t fd = accept(proxy ? proxy_l : echo_l, NULL, NULL);
        CHECK(fd >= 0);
        t[i] = spawn(proxy ? relay : echo, (void *)fd);
    }
    for (int i = 0; i < CLIENTS; i++)
        join(t[i]);
    return NULL;
}

static void *talk(void *arg)
{
    int fd = *(int *)arg;
    for (uint32_t i = 0; i < BYTES / 4; i++)
        send_all(fd, &i, sizeof i);
    CHECK_EQ(shutdown(fd, SHUT_WR), 0);
    return NULL;
}

static void *client(void *arg)
{
    int fd = dial(&proxy_addr);
    pthread_t t = spawn(talk, &fd);
    for (uint32_t i = 0, back; i < BYTES / 4; i++) {
        recv_all(fd, &back, sizeof back);
        CHECK_EQ(back, i);
    }
    CHECK_EQ(recv(fd, &arg, 1, 0), 0);
    join(t);
    close(fd);
    return NULL;
}

int main(void)
{
    pthread_t t[CLIENTS];
    alarm(20);
    echo_l = listener(&echo_addr);
    proxy_l = listener(&proxy_addr);
    pthread_t e = spawn(accept_all, NULL), p = spawn(accept_all, &p);
    for (int i = 0; i < CLIENTS; i++)
        t[i] = spawn(client, NULL);
    for (int i = 0; i < CLIENTS; i++)
        join(t[i]);
    join(e);
    join(p);
    must_have_parked("socket", CLIENTS);
    OK("%d clients x %d bytes through a proxy", CLIENTS, BYTES);
}
