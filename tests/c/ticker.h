/* A thread that wakes every 10 ms and remembers its longest gap: the measure
 * of whether anything stalls what runs beside it. */
#ifndef TICKER_H
#define TICKER_H

#include "thread.h"

enum { TICK_MS = 10, GAP_MS = 25 };

static atomic_int ticker_stops, ticks;
static int64_t longest_gap; /* ns; read after the ticker is joined */
static pthread_t ticker_thread;

static inline void *ticker(void *arg)
{
    for (int64_t last = now_ns(); !ticker_stops; ticks++) {
        sleep_ms(TICK_MS);
        int64_t now = now_ns();
        if (now - last > longest_gap)
            longest_gap = now - last;
        last = now;
    }
    return arg;
}

static inline void ticker_start(void)
{
    ticker_thread = spawn(ticker, NULL);
    while (ticks < 3)
        sleep_ms(1);
}

/* Ends the program with a failure if the ticker was held up for longer than
 * GAP_MS, or IOPATCH_TEST_GAP_MS on a machine that is too busy for that. */
static inline void ticker_finish(void)
{
    const char *given = getenv("IOPATCH_TEST_GAP_MS");
    long limit = given ? atol(given) : GAP_MS;
    ticker_stops = 1;
    join(ticker_thread);
    dprintf(2, "longest gap %lld us in %d ticks\n", (long long)longest_gap / 1000, ticks);
    CHECK(longest_gap >= TICK_MS * 1000000LL);
    CHECK(longest_gap <= limit * 1000000LL);
    OK("gap under limit");
    must_have_parked("time", (unsigned long)ticks);
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
