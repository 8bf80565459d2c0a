/* Futex time-outs: relative for FUTEX_WAIT, absolute for FUTEX_WAIT_BITSET, on
 * CLOCK_MONOTONIC or, if asked for, CLOCK_REALTIME; never early; a wake before
 * the deadline counts. */
#include "futex.h"

static _Atomic uint32_t word;

static void *times_out(void *arg)
{
    struct timespec t = {0, 20000000};
    int64_t start = now_ns();
    CHECK_ERRNO(futex(&word, FUTEX_WAIT, 0, &t), ETIMEDOUT);
    CHECK(now_ns() - start >= 20000000);
    CHECK(t.tv_sec == 0 && t.tv_nsec == 20000000);

    start = now_ns();
    t = in_ms(CLOCK_MONOTONIC, 20);
    CHECK_ERRNO(futex_bitset(&word, FUTEX_WAIT_BITSET, 0, &t, ~0u), ETIMEDOUT);
    CHECK(now_ns() - start >= 20000000);

    start = now_ns();
    t = in_ms(CLOCK_REALTIME, 20);
    CHECK_ERRNO(futex_bitset(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &t, ~0u),
                ETIMEDOUT);
    CHECK(now_ns() - start >= 19000000);

    t = (struct timespec){1, 0};
    CHECK_ERRNO(futex_bitset(&word, FUTEX_WAIT_BITSET, 0, &t, ~0u), ETIMEDOUT);
    CHECK_ERRNO(futex_bitset(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &t, ~0u),
                ETIMEDOUT);
    return arg;
}

static void *is_woken(void *arg)
{
    struct timespec relative = {20, 0}, absolute = in_ms(CLOCK_REALTIME, 20000);
    if (arg)
        CHECK_EQ(futex(&word, FUTEX_WAIT, 0, &relative), 0);
    else
        CHECK_EQ(futex_bitset(&word, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0,
                              &absolute, ~0u), 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[6];
    times_out(NULL);
    OK("main times out");
    for (int i = 0; i < 6; i++)
        t[i] = spawn(times_out, NULL);
    for (int i = 0; i < 6; i++)
        join(t[i]);
    OK("threads time out");
    must_have_parked("futex", 18);
    CHECK_EQ(futex(&word, FUTEX_WAKE, INT_MAX, NULL), 0);
    OK("nobody is left behind to be woken");
    for (int i = 0; i < 6; i++)
        t[i] = spawn(is_woken, i % 2 ? &word : NULL);
    for (long left = 6; left > 0; sched_yield())
        left -= futex(&word, FUTEX_WAKE, 1, NULL);
    for (int i = 0; i < 6; i++)
        join(t[i]);
    OK("woken in time");
    return 0;
}
