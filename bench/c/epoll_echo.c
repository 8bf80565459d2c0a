/* epoll_echo: the yardstick. An echo server as one writes it by hand when it
 * has to be fast: one thread, edge-triggered epoll, each descriptor registered
 * once. An echo costs one recv and one send; epoll_wait is shared by all that
 * is ready.
 *
 *     cc -O2 -Wall -Wextra -pthread epoll_echo.c -o epoll_echo
 *     ./epoll_echo 7000             (port 0: any free one, which it prints)
 */
#define _GNU_SOURCE
#include "../../demo-c/net.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/resource.h>

enum { EVENTS = 512, BUFFER = 4096 };

/* What a slow client has not yet taken; nothing is read from it meanwhile. */
struct rest {
    size_t size;
    char bytes[BUFFER];
};

static struct rest **rests; /* by descriptor; null nearly always */

static void watch(int epoll, int fd, uint32_t events)
{
    struct epoll_event event = { .events = events | EPOLLET, .data.fd = fd };

    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll_ctl");
}

static void welcome(int epoll, int listener)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
        watch(epoll, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
}

static void leave(int fd)
{
    free(rests[fd]);
    rests[fd] = NULL;
    close(fd);
}

static void keep(int fd, const char *bytes, size_t size)
{
    struct rest *rest = rests[fd] ? rests[fd] : malloc(sizeof *rest);

    if (!rest)
        die("malloc");
    memmove(rest->bytes, bytes, size);
    rest->size = size;
    rests[fd] = rest;
}

/* Sends what can be sent and keeps the rest. True when nothing is left. */
static bool give(int fd, const char *bytes, size_t size)
{
    ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);

    if (sent == (ssize_t)size)
        return true;
    if (sent < 0 && errno != EAGAIN)
        leave(fd);
    else
        keep(fd, bytes + (sent > 0 ? sent : 0), size - (size_t)(sent > 0 ? sent : 0));
    return false;
}

static void echo(int fd, uint32_t events)
{
    char buffer[BUFFER];
    bool ending = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);

    if (rests[fd]) {
        if (!give(fd, rests[fd]->bytes, rests[fd]->size))
            return;
        free(rests[fd]);
        rests[fd] = NULL;
    }
    for (;;) {
        ssize_t size = recv(fd, buffer, sizeof buffer, 0);

        if (size == 0 || (size < 0 && errno != EAGAIN)) {
            leave(fd);
            return;
        }
        if (size < 0 || !give(fd, buffer, (size_t)size))
            return;
        /* A short read has emptied the stream, and the next edge will tell of
         * more; but an end that came with this edge has none to come. */
        if (size < (ssize_t)sizeof buffer && !ending)
            return;
    }
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS];
    struct rlimit files;

    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &files);
    if (!(rests = calloc(files.rlim_cur, sizeof *rests)))
        die("calloc");
    int listener = listen_on(argv[1]);
    int epoll = epoll_create1(0);

    if (epoll < 0 || fcntl(listener, F_SETFL, O_NONBLOCK) != 0)
        die("epoll_create1");
    watch(epoll, listener, EPOLLIN);
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);

        for (int i = 0; i < ready; i++)
            if (events[i].data.fd == listener)
                welcome(epoll, listener);
            else
                echo(events[i].data.fd, events[i].events);
    }
}
