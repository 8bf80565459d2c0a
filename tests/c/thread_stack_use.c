/* A thread may use the stack it asked for: by deep recursion, by alloca and
 * by large arrays, in several threads at once, with parks in between. */
#include "thread.h"
#include <alloca.h>

enum { STACK = 16 << 20, USED = 14 << 20, FRAME = 4096 };

static long __attribute__((noinline)) recurse(long depth)
{
    volatile char frame[FRAME - 64];
    frame[0] = frame[sizeof frame - 1] = (char)depth;
    if (depth == 0) {
        sleep_ms(1);
        return 0;
    }
    long below = recurse(depth - 1);
    CHECK_EQ(frame[0], (char)depth);
    CHECK_EQ(frame[sizeof frame - 1], (char)depth);
    return below + 1;
}

static void __attribute__((noinline)) one_block(size_t n)
{
    char *block = alloca(n);
    for (size_t i = 0; i < n; i += 4096)
        block[n - 1 - i] = (char)(i >> 12);
    sched_yield();
    for (size_t i = 0; i < n; i += 4096)
        CHECK_EQ(block[n - 1 - i], (char)(i >> 12));
}

static void *thread(void *arg)
{
    CHECK_EQ(recurse(USED / FRAME), USED / FRAME);
    one_block(USED);
    size_t n = USED;
    volatile char vla[n];
    vla[0] = vla[n - 1] = 1;
    CHECK_EQ(recurse(50), 50);
    CHECK_EQ(vla[0] + vla[n - 1], 2);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_attr_t a;
    pthread_t t[3];
    CHECK_EQ(pthread_attr_init(&a), 0);
    CHECK_EQ(pthread_attr_setstacksize(&a, STACK), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(pthread_create(&t[i], &a, thread, NULL), 0);
    for (int i = 0; i < 3; i++)
        join(t[i]);
    OK("14 of 16 MiB, by recursion, alloca and arrays");
    most_parked("time", 6);
    return 0;
}
