/* What the parts of the matrix of descriptors share.
 *
 * A case is a call, a kind of descriptor, a mode of it and a class for each of
 * the call's arguments. It is run by a thread of its own, on a descriptor of
 * its own; main, which is a native thread under iopatch, only watches. */
#ifndef MATRIX_H
#define MATRIX_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

/* A descriptor that is asked about, and what belongs to it. */
struct subject {
    int fd;
    int peer;     /* the other end, or -1 */
    int kept[4];  /* more to be closed afterwards; the first `n_kept` */
    int n_kept;
    int family;   /* of its addresses; AF_UNSPEC: it is no socket */
    int type;     /* SOCK_STREAM and so on */
    int borrowed; /* fd is another's: it is not to be closed */
};

/* A kind of descriptor in a certain state. */
struct kind {
    const char *name;
    /* Makes one. One that can't be made here has fd = UNAVAILABLE. */
    void (*make)(struct subject *);
    /* What may end a wait on it; by main, while the call waits. */
    void (*event)(struct subject *);
    /* What it delivers is not the same in two runs. */
    bool varies;
};
#define UNAVAILABLE (-1000)

/* Ends the process: what a case stands on could not be made. */
#define give_up()                                                              \
    do {                                                                       \
        dprintf(2, "%s:%d: errno %d\n", __FILE__, __LINE__, errno);            \
        abort();                                                               \
    } while (0)

size_t n_kinds(void);
const struct kind *kind_at(size_t);
/* What all of a process share: a full listener, a child, a directory. */
void kinds_begin(void);
void kinds_end(void);
void subject_close(struct subject *);
int subject_keep(struct subject *, int fd);
/* Addresses for connect and sendto: one that accepts, one that never does. */
socklen_t address_open(const struct subject *, struct sockaddr_storage *);
socklen_t address_full(const struct subject *, struct sockaddr_storage *);

#define DATA (1 << 20)
#define SEEN 4096 /* how much of the data is compared */
#define SMALL 512

/* What the arguments of a case point to. */
struct arena {
    char *data; /* DATA bytes; the page behind them can't be touched */
    char *edge; /* the end of them */
    struct iovec vector[1025];
    struct msghdr message;
    struct mmsghdr messages[2];
    struct sockaddr_storage address;
    socklen_t length;
    struct timespec time;
    struct timeval interval;
    struct pollfd polled[2];
    fd_set sets[3];
    struct epoll_event events[4];
    off_t offset;
    sigset_t mask;
    siginfo_t info;
    char value[SMALL];
};

/* What the arguments are made for. */
struct arguments {
    struct arena *arena;
    struct subject *subject;
    int partner[2]; /* further descriptors, made where they are asked for */
    int command;    /* fcntl's or ioctl's, which its argument depends on */
    bool gives_descriptor;
};

/* One class of one type of argument. */
struct argument {
    const char *type, *class;
    long (*make)(struct arguments *);
};
extern const struct argument argument_classes[];
extern const size_t n_argument_classes;

void arena_map(struct arena *);
void arena_reset(struct arena *);
/* What the call has put there, in words, onto the end of `text`. */
void arena_describe(const struct arena *, bool varies, char *text, size_t size);

#endif
