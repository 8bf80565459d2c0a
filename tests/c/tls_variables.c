/* __thread variables: each thread has its own, set up afresh even where it
 * gets the memory of a thread that ended, at an address that stays the same
 * while it waits and is moved between CPUs, and aligned as declared. */
#include "thread.h"

enum { THREADS = 64, LIVES = 4, ROUNDS = 25 };
static __thread int counter;
static __thread long initial = 0x1234567890;
static __thread char text[16] = "fresh";
static __thread _Alignas(64) char wide[128];
static __thread const char *pointer = "relocated";

/* Not inlined, so that the address is computed anew each time. */
static int *__attribute__((noinline)) where(void)
{
    __asm__ volatile("");
    return &counter;
}

static void *thread(void *arg)
{
    int me = (int)(long)arg;
    int *at = where();
    CHECK_EQ(counter, 0);
    CHECK_EQ(initial, 0x1234567890);
    CHECK(!strcmp(text, "fresh") && !strcmp(pointer, "relocated"));
    CHECK_EQ((uintptr_t)wide % 64, 0);
    for (int i = 0; i < 128; i++)
        CHECK_EQ(wide[i], 0);
    memset(wide, me, sizeof wide);
    snprintf(text, sizeof text, "used %d", me);
    initial = me;
    for (int i = 0; i < ROUNDS; i++) {
        counter++; /* the compiler may keep &counter in a register here... */
        if (i % 5)
            sched_yield();
        else
            sleep_ms(1);
        (*at)++; /* ...and the pointer must still be this thread's */
        CHECK(where() == at);
        CHECK_EQ(counter, 2 * (i + 1));
        CHECK_EQ(initial, me);
        CHECK_EQ(wide[0] + wide[127], 2 * (char)me);
        CHECK_EQ(atoi(text + 5), me);
    }
    return at;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    counter = -1;
    for (int life = 0; life < LIVES; life++) {
        for (long i = 0; i < THREADS; i++)
            t[i] = spawn(thread, (void *)i);
        for (int i = 0; i < THREADS; i++)
            CHECK(join(t[i]) != (void *)&counter);
    }
    CHECK_EQ(counter, -1);
    OK("%d threads with variables of their own", THREADS * LIVES);
    most_parked("time", THREADS * LIVES * (ROUNDS / 5));
    return 0;
}
