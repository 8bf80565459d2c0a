/* What every demo does the same way, so that each file tells only its own
 * story: a listener on 127.0.0.1, the next client, a thread for it, and a send
 * that sends everything. Plain blocking calls throughout. */
#ifndef NET_H
#define NET_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static inline void die(const char *what)
{
    perror(what);
    exit(1);
}

static inline struct sockaddr_in loopback(const char *port)
{
    char *end;
    unsigned long number = strtoul(port, &end, 10);

    if (end == port || *end || number > 65535) {
        fprintf(stderr, "not a port: %s\n", port);
        exit(2);
    }
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)number),
                                 .sin_addr = { htonl(INADDR_LOOPBACK) } };
}

/* Listens and says where: with port 0 the kernel chooses, and a script reads
 * the port from this line. */
static inline int listen_on(const char *port)
{
    struct sockaddr_in at = loopback(port);
    socklen_t size = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int yes = 1;

    if (listener < 0)
        die("socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&at, size) != 0)
        die("bind");
    if (listen(listener, SOMAXCONN) != 0)
        die("listen");
    if (getsockname(listener, (struct sockaddr *)&at, &size) != 0)
        die("getsockname");
    printf("listening on 127.0.0.1:%d\n", ntohs(at.sin_port));
    fflush(stdout);
    return listener;
}

/* The next client. Out of descriptors or memory is no reason to end: the
 * client waits in the backlog until somebody else has left. */
static inline int next_client(int listener)
{
    for (;;) {
        int fd = accept(listener, NULL, NULL);

        if (fd >= 0)
            return fd;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            usleep(10 * 1000);
        else if (errno != EINTR && errno != ECONNABORTED)
            die("accept");
    }
}

/* A detached thread of default attributes that owns `fd` from here on. Where
 * no thread is to be had, this one client is turned away. */
static inline void serve(void *(*body)(void *), int fd)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, body, (void *)(intptr_t)fd);

    if (error) {
        fprintf(stderr, "pthread_create: %s\n", strerror(error));
        close(fd);
    } else {
        pthread_detach(thread);
    }
}

/* Sends all of it: 0, or -1 where the other side has gone. */
static inline int send_all(int fd, const void *data, size_t size)
{
    const char *at = data;

    while (size > 0) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);

        if (sent < 0)
            return -1;
        at += sent;
        size -= (size_t)sent;
    }
    return 0;
}

#endif
