/* A thread that wakes every 10 ms and remembers its longest gap: the measure
 * of whether anything stalls what runs beside it.
 *
 * A busy machine is late by itself. So a process of its own, which none of our
 * threads can hold up, ticks too, and by what its longest gap exceeds a tick
 * the limit is raised: what is left is our own doing. */
#ifndef TICKER_H
#define TICKER_H

#include "thread.h"
#include <sys/mman.h>

enum { TICK_MS = 10, GAP_MS = 25 };

struct ticks {
    atomic_int stop, n;
    int64_t longest; /* ns; read when the ticker has ended */
};

static struct ticks *ours, *control; /* in memory shared with the control */
static pthread_t ticker_thread;
static pid_t control_process;

static inline void *ticker(void *arg)
{
    struct ticks *t = arg;
    for (int64_t last = now_ns(); !t->stop; t->n++) {
        sleep_ms(TICK_MS);
        int64_t now = now_ns();
        if (now - last > t->longest)
            t->longest = now - last;
        last = now;
    }
    return arg;
}

/* To be called by main before it makes any thread. */
static inline void ticker_start(void)
{
    ours = mmap(NULL, 2 * sizeof *ours, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(ours != MAP_FAILED);
    control = ours + 1;
    control_process = fork();
    CHECK(control_process >= 0);
    if (control_process == 0) {
        SAFETY_NET();
        ticker(control);
        _exit(0);
    }
    ticker_thread = spawn(ticker, ours);
    while (ours->n < 3 || control->n < 3)
        sleep_ms(1);
}

/* Ends the program with a failure if the ticker was held up for longer than
 * GAP_MS, or IOPATCH_TEST_GAP_MS, and what the machine adds. */
static inline void ticker_finish(void)
{
    const char *given = getenv("IOPATCH_TEST_GAP_MS");
    int64_t limit = (given ? atol(given) : GAP_MS) * 1000000LL;
    ours->stop = control->stop = 1;
    join(ticker_thread);
    CHECK_EQ(waitpid(control_process, NULL, 0), control_process);
    limit += control->longest - TICK_MS * 1000000LL;
    dprintf(2, "longest gap %lld us in %d ticks, of the control %lld us\n",
            (long long)ours->longest / 1000, ours->n, (long long)control->longest / 1000);
    CHECK(ours->longest >= TICK_MS * 1000000LL);
    CHECK(ours->longest <= limit);
    OK("gap under limit");
    most_parked("time", (unsigned long)ours->n);
}

/* Runs `start` in `n` threads beside the ticker and joins them. */
static inline void beside_ticker(int n, void *(*start)(void *), void *arg)
{
    pthread_t t[64];
    for (int i = 0; i < n; i++)
        t[i] = spawn(start, arg);
    for (int i = 0; i < n; i++)
        join(t[i]);
}

#endif
