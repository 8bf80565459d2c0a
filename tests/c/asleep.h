/* Waiting, without a guess at a delay, until other threads sleep in a call.
 *
 * A test that says "while another thread is blocked in recv" must not act
 * before it is. The thread calls enter() right before its blocking call, the
 * other one until_asleep(). A kernel thread sleeps when /proc shows it inside
 * a system call. A coroutine has no entry there; the library's counter of
 * parks tells. */
#ifndef ASLEEP_H
#define ASLEEP_H

#include "util.h"

#define GATE_MAX 1024

struct gate {
    const char *family; /* whose parks count: "socket", "rw", "select", ... */
    unsigned long base; /* that counter when the gate was opened */
    atomic_int n;       /* threads that have announced themselves */
    atomic_int tid[GATE_MAX];
};

static inline unsigned long parks(const char *family)
{
    char name[64];
    snprintf(name, sizeof name, "parks.%s", family);
    return preloaded() ? iopatch_counter(name) : 0;
}

/* Before the threads are made. */
static inline void gate_open(struct gate *g, const char *family)
{
    memset(g, 0, sizeof *g);
    g->family = family;
    g->base = parks(family);
}

/* By each thread, right before the call that will block. */
static inline void enter(struct gate *g)
{
    int i = atomic_fetch_add(&g->n, 1);
    CHECK(i < GATE_MAX);
    atomic_store(&g->tid[i], gettid());
}

/* 1: sleeps in a system call, 0: runs, -1: no kernel thread of that id. */
static inline int kernel_thread_sleeps(int tid)
{
    char path[64], text[64] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    return n > 0 && text[0] >= '0' && text[0] <= '9';
}

/* Returns once `n` threads have entered and sleep. After five seconds it
 * returns all the same: whoever relies on it then fails by its own check. */
static inline void until_asleep(struct gate *g, int n)
{
    for (int64_t end = now_ms() + 5000; now_ms() < end; sleep_ms(1)) {
        unsigned long coroutines = 0;
        int runs = 0;
        for (int i = 0; i < n; i++) {
            int tid = atomic_load(&g->tid[i]);
            int sleeps = tid ? kernel_thread_sleeps(tid) : 0;
            runs += sleeps == 0;
            coroutines += sleeps == -1;
        }
        if (!runs && parks(g->family) >= g->base + coroutines)
            return;
    }
}

/* At least `ms` milliseconds since `start`, for SO_RCVTIMEO, SO_SNDTIMEO and
 * SO_LINGER only. The kernel counts these in ticks; where a busy host holds
 * ticks back they end early on native threads too. 20 ms are forgiven. Every
 * other time-out (poll, sleep, timerfd) is exact, and is checked to be. */
#define CHECK_TIMEO(start, ms)                                                 \
    CHECK(now_ns() - (start) >= ((ms) - 20) * 1000000LL)

#endif
