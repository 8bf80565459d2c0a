/* FUTEX_WAKE_BITSET wakes only those who wait for one of its bits; a plain
 * FUTEX_WAKE wakes whomever. */
#include "asleep.h"
#include "futex.h"

enum { THREADS = 12 };
static _Atomic uint32_t word;
static atomic_int woken[4];
static struct gate gate;

static void *waits(void *arg)
{
    long bit = (long)arg;
    enter(&gate);
    CHECK_EQ(futex_bitset(&word, FUTEX_WAIT_BITSET, 0, NULL, 1u << bit), 0);
    woken[bit]++;
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    gate_open(&gate, "futex");
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(waits, (void *)(i % 4));
    until_asleep(&gate, THREADS);
    CHECK_EQ(futex_bitset(&word, FUTEX_WAKE_BITSET, INT_MAX, NULL, 16), 0);
    OK("nobody waits for bit 4");
    CHECK_EQ(futex_bitset(&word, FUTEX_WAKE_BITSET, INT_MAX, NULL, 2), 3);
    OK("3 wait for bit 1");
    CHECK_EQ(futex_bitset(&word, FUTEX_WAKE_BITSET, 4, NULL, 4 | 8), 4);
    OK("4 of those who wait for bits 2 and 3");
    CHECK_EQ(futex(&word, FUTEX_WAKE, INT_MAX, NULL), 5);
    OK("the other 5");
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(woken[i], 3);
    return 0;
}
