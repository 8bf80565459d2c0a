/* An event-loop server of the classic kind (non-blocking sockets, one epoll)
 * runs in a thread beside blocking client threads. Must not change: every byte
 * comes back in order, and the loop's accept and recv see EAGAIN, as written. */
#include "util.h"
#include <sys/epoll.h>

enum { CLIENTS = 40, BYTES = 20000 };
static int l;

static void *loop(void *arg)
{
    int ep = epoll_create1(0), open_clients = 0, served = 0, eagain = 0;
    struct epoll_event ev = {EPOLLIN, {.fd = l}}, ready[16];
    static char buf[4096];
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, l, &ev), 0);
    while (served < CLIENTS || open_clients) {
        int n = epoll_wait(ep, ready, 16, -1);
        CHECK(n > 0);
        for (int i = 0; i < n; i++) {
            int fd = ready[i].data.fd;
            if (fd == l) {
                while ((fd = accept4(l, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    ev = (struct epoll_event){EPOLLIN, {.fd = fd}};
                    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), 0);
                    served++, open_clients++;
                }
                CHECK_EQ(errno, EAGAIN);
                continue;
            }
            ssize_t k;
            while ((k = recv(fd, buf, sizeof buf, 0)) > 0)
                CHECK_EQ(send(fd, buf, (size_t)k, 0), k);
            if (k == 0) {
                close(fd), open_clients--;
            } else {
                CHECK_EQ(errno, EAGAIN);
                eagain++;
            }
        }
    }
    CHECK(eagain >= CLIENTS);
    close(ep);
    return arg;
}

static void *client(void *arg)
{
    int fd = dial(arg);
    for (uint32_t i = 0, back; i < BYTES / 4; i += 50) {
        uint32_t words[50];
        for (uint32_t k = 0; k < 50; k++)
            words[k] = i + k;
        send_all(fd, words, sizeof words);
        for (uint32_t k = 0; k < 50; k++) {
            recv_all(fd, &back, sizeof back);
            CHECK_EQ(back, i + k);
        }
    }
    close(fd);
    return NULL;
}

int main(void)
{
    struct sockaddr_in addr;
    pthread_t t[CLIENTS];
    alarm(20);
    l = listener(&addr);
    CHECK_EQ(fcntl(l, F_SETFL, O_NONBLOCK), 0);
    pthread_t server = spawn(loop, NULL);
    for (int i = 0; i < CLIENTS; i++)
        t[i] = spawn(client, &addr);
    for (int i = 0; i < CLIENTS; i++)
        join(t[i]);
    join(server);
    must_have_parked("select", 1);
    OK("%d clients x %d bytes through an epoll loop", CLIENTS, BYTES);
}
