/* FUTEX_WAIT and FUTEX_WAKE through syscall(): a wake returns how many it woke
 * and wakes no more than it was asked to, in main and in threads. */
#include "futex.h"

enum { THREADS = 20 };
static _Atomic uint32_t word;
static atomic_int woken;

static void *waits(void *arg)
{
    CHECK_EQ(futex(&word, FUTEX_WAIT, 0, NULL), 0);
    woken++;
    return arg;
}

static void *wakes(void *arg)
{
    long left = (long)arg;
    while (left > 0) {
        long n = futex(&word, FUTEX_WAKE, left > 3 ? 3 : (uint32_t)left, NULL);
        CHECK(n >= 0 && n <= 3);
        left -= n;
        sched_yield(); /* some may not have come to wait yet */
    }
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    CHECK_EQ(futex(&word, FUTEX_WAKE, INT_MAX, NULL), 0);
    OK("nobody to wake");
    for (int by_thread = 0; by_thread < 2; by_thread++) {
        woken = 0;
        for (int i = 0; i < THREADS; i++)
            t[i] = spawn(waits, NULL);
        until_parked("futex", (unsigned long)THREADS * (1 + by_thread));
        CHECK_EQ(woken, 0);
        if (by_thread)
            join(spawn(wakes, (void *)(long)THREADS));
        else
            wakes((void *)(long)THREADS);
        for (int i = 0; i < THREADS; i++)
            join(t[i]);
        OK("%d woken, three at a time, by %s", woken, by_thread ? "a thread" : "main");
    }
    CHECK_EQ(futex(&word, FUTEX_WAKE, 1, NULL), 0);
    return 0;
}
