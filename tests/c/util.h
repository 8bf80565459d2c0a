/* What every test program shares: checks that say where they failed, and the
 * few set-ups (a listener, a connected pair, a clock) that most need.
 *
 * A program prints what it claims, one line a claim, and nothing that may
 * differ between runs (no times, no thread ids): the runner compares the
 * output of a bare run with that of preloaded runs, line by line. */
#ifndef UTIL_H
#define UTIL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Ends the program with the place and the expression when `cond` is false. */
#define CHECK(cond)                                                            \
    do {                                                                       \
        if (!(cond)) {                                                         \
            dprintf(2, "%s:%d: CHECK(%s) failed, errno %d (%s)\n", __FILE__,   \
                    __LINE__, #cond, errno, strerror(errno));                  \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)

/* As CHECK, for two integers: says both. */
#define CHECK_EQ(a, b)                                                         \
    do {                                                                       \
        long long a_ = (long long)(a), b_ = (long long)(b);                    \
        if (a_ != b_) {                                                        \
            dprintf(2, "%s:%d: %s is %lld, want %s = %lld, errno %d (%s)\n",   \
                    __FILE__, __LINE__, #a, a_, #b, b_, errno,                 \
                    strerror(errno));                                          \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)

/* A call that must return -1 with this errno. */
#define CHECK_ERRNO(call, want)                                                \
    do {                                                                       \
        errno = 0;                                                             \
        CHECK_EQ((call), -1);                                                  \
        CHECK_EQ(errno, (want));                                               \
    } while (0)

/* A claim that held. */
#define OK(...)                                                                \
    do {                                                                       \
        printf("ok: " __VA_ARGS__);                                            \
        putchar('\n');                                                         \
        fflush(stdout);                                                        \
    } while (0)

/* The counters of the preloaded library; absent in a bare run.
 * Names: "coroutines", "peak", "switches", "handoffs", "workers",
 * "os_threads", and "parks.<family>" (socket, rw, time, select, thread,
 * mutex, cond, rwlock, sem, barrier, futex, ...). */
#ifdef __cplusplus
extern "C"
#else
extern
#endif
    unsigned long iopatch_counter(const char *name) __attribute__((weak));

/* True when the program runs under the library. */
static inline int preloaded(void) { return iopatch_counter != NULL; }

/* Asserts that, under the library, at least `n` waits of `family` parked a
 * coroutine. A bare run has nothing to assert. */
static inline void must_have_parked(const char *family, unsigned long n)
{
    char name[64];
    snprintf(name, sizeof name, "parks.%s", family);
    if (preloaded() && iopatch_counter(name) < n) {
        dprintf(2, "%s is %lu, want at least %lu\n", name,
                iopatch_counter(name), n);
        _exit(1);
    }
}

/* Nanoseconds on CLOCK_MONOTONIC. */
static inline int64_t now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static inline int64_t now_ms(void) { return now_ns() / 1000000; }

/* `ms` milliseconds from now on `clock`, as an absolute time. */
static inline struct timespec in_ms(clockid_t clock, long ms)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    ts.tv_sec += ms / 1000;
    ts.tv_nsec += ms % 1000 * 1000000L;
    if (ts.tv_nsec >= 1000000000L) {
        ts.tv_nsec -= 1000000000L;
        ts.tv_sec++;
    }
    return ts;
}

static inline void sleep_ms(long ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000L};
    while (nanosleep(&ts, &ts) == -1 && errno == EINTR)
        ;
}

static inline pthread_t spawn(void *(*start)(void *), void *arg)
{
    pthread_t t;
    CHECK_EQ(pthread_create(&t, NULL, start, arg), 0);
    return t;
}

static inline void *join(pthread_t t)
{
    void *result;
    CHECK_EQ(pthread_join(t, &result), 0);
    return result;
}

/* A TCP listener on a free port of 127.0.0.1; the address goes to `*addr`. */
static inline int listener(struct sockaddr_in *addr)
{
    socklen_t len = sizeof *addr;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0);
    *addr = (struct sockaddr_in){.sin_family = AF_INET};
    addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(bind(fd, (struct sockaddr *)addr, sizeof *addr), 0);
    CHECK_EQ(listen(fd, 4096), 0);
    CHECK_EQ(getsockname(fd, (struct sockaddr *)addr, &len), 0);
    return fd;
}

/* A TCP connection to `*addr`. */
static inline int dial(const struct sockaddr_in *addr)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd >= 0);
    CHECK_EQ(connect(fd, (const struct sockaddr *)addr, sizeof *addr), 0);
    return fd;
}

/* Two ends of one TCP connection over loopback. */
static inline void tcp_pair(int end[2])
{
    struct sockaddr_in addr;
    int l = listener(&addr);
    end[0] = dial(&addr);
    end[1] = accept(l, NULL, NULL);
    CHECK(end[1] >= 0);
    close(l);
}

/* Writes or reads exactly `n` bytes; ends the program if it can't. */
static inline void send_all(int fd, const void *buf, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = send(fd, (const char *)buf + done, n - done, MSG_NOSIGNAL);
        CHECK(k > 0);
        done += (size_t)k;
    }
}

static inline void recv_all(int fd, void *buf, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = recv(fd, (char *)buf + done, n - done, 0);
        CHECK(k > 0);
        done += (size_t)k;
    }
}

#endif
