/* A lock made of nothing but a word and the futex call excludes main and
 * threads from each other, and they hand a baton to and fro by it. */
#include "futex.h"

enum { THREADS = 16, ROUNDS = 300 };
static _Atomic uint32_t lock_word, baton;
static long count;

/* 0 free, 1 held, 2 held and somebody may wait. */
static void lock(void)
{
    uint32_t was = 0;
    if (atomic_compare_exchange_strong(&lock_word, &was, 1))
        return;
    while (atomic_exchange(&lock_word, 2) != 0)
        futex(&lock_word, FUTEX_WAIT, 2, NULL);
}

static void unlock(void)
{
    if (atomic_exchange(&lock_word, 0) == 2)
        CHECK(futex(&lock_word, FUTEX_WAKE, 1, NULL) >= 0);
}

static void *adds(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        lock();
        long was = count;
        if (i % 100 == 0)
            sleep_ms(1);
        else if (i % 10 == 0)
            sched_yield();
        count = was + 1;
        unlock();
    }
    return arg;
}

static void relay(uint32_t me)
{
    for (int i = 0; i < ROUNDS; i++) {
        futex_wait_while(&baton, !me);
        baton = !me;
        futex(&baton, FUTEX_WAKE, 1, NULL);
    }
}

static void *relays(void *arg)
{
    relay(1);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    lock();
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(adds, NULL);
    until_parked("futex", THREADS);
    CHECK_EQ(count, 0);
    unlock();
    adds(NULL);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("count %ld", count);
    t[0] = spawn(relays, NULL);
    relay(0);
    join(t[0]);
    OK("%d rounds between main and a thread", ROUNDS);
    return 0;
}
