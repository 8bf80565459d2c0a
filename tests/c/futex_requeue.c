/* FUTEX_REQUEUE and CMP_REQUEUE wake some and move others to a second word,
 * where only wakes of that word reach them; FUTEX_WAKE_OP changes and wakes
 * two words at once. */
#include "asleep.h"
#include "futex.h"

enum { THREADS = 10 };
static _Atomic uint32_t here, there;
static atomic_int woken;
static struct gate gate;

static void *waits(void *arg)
{
    enter(&gate);
    CHECK_EQ(futex(arg, FUTEX_WAIT, 0, NULL), 0);
    woken++;
    return NULL;
}

static void start(pthread_t *t, int n)
{
    gate_open(&gate, "futex");
    woken = 0;
    for (int i = 0; i < n; i++)
        t[i] = spawn(waits, &here);
    until_asleep(&gate, n);
}

static void until_woken(int n)
{
    while (woken < n)
        sched_yield();
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    start(t, THREADS);
    CHECK_EQ(syscall(SYS_futex, &here, FUTEX_CMP_REQUEUE_PRIVATE, 2, 5L, &there, 0), 7);
    until_woken(2);
    OK("2 woken, 5 moved");
    CHECK_EQ(futex(&here, FUTEX_WAKE, INT_MAX, NULL), 3);
    until_woken(5);
    OK("3 were left");
    CHECK_EQ(syscall(SYS_futex, &there, FUTEX_REQUEUE_PRIVATE, 0, 1L, &here, 0), 1);
    CHECK_EQ(futex(&here, FUTEX_WAKE, INT_MAX, NULL), 1);
    CHECK_EQ(futex(&there, FUTEX_WAKE, INT_MAX, NULL), 4);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("one went back, 4 were woken there");

    start(t, 3);
    gate_open(&gate, "futex");
    t[3] = spawn(waits, &there);
    until_asleep(&gate, 1);
    there = 7;
    int op = FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 7);
    CHECK_EQ(syscall(SYS_futex, &here, FUTEX_WAKE_OP_PRIVATE, 2, 9L, &there, op), 3);
    CHECK_EQ(there, 12);
    CHECK_EQ(futex(&here, FUTEX_WAKE, INT_MAX, NULL), 1);
    for (int i = 0; i < 4; i++)
        join(t[i]);
    OK("WAKE_OP woke 2 and, the old value being 7, 1");
    return 0;
}
