/* cflags: -frounding-math */
/* libs: -lm */
/* The rounding mode and the exception flags of floating point belong to a
 * thread: they survive its parks and nobody else sees them; a new thread has
 * its maker's. */
#include "thread.h"
#include <fenv.h>
#include <math.h>

static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
/* 1.5 and -1.5 rounded to whole numbers say which mode is on. */
static const int want[][2] = {{2, -2}, {2, -1}, {1, -2}, {1, -1}};

static void check(int mode)
{
    volatile double up = 1.5, down = -1.5;
    volatile long double x87 = 1.5L;
    CHECK_EQ(fegetround(), modes[mode]);
    CHECK_EQ((int)rint(up), want[mode][0]);
    CHECK_EQ((int)rint(down), want[mode][1]);
    CHECK_EQ((int)rintl(x87), want[mode][0]);
}

static void *thread(void *arg)
{
    int mode = (int)(long)arg;
    volatile double zero = 0, one = 1;
    CHECK_EQ(fesetround(modes[mode]), 0);
    for (int i = 0; i < 20; i++) {
        i % 5 ? (void)sched_yield() : sleep_ms(1);
        check(mode);
    }
    CHECK_EQ(feclearexcept(FE_ALL_EXCEPT), 0);
    if (mode == 2)
        one = one / zero;
    sleep_ms(2);
    CHECK_EQ(fetestexcept(FE_DIVBYZERO), mode == 2 ? FE_DIVBYZERO : 0);
    return NULL;
}

static void *inherits(void *arg)
{
    check((int)(long)arg);
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[16];
    for (long i = 0; i < 16; i++)
        t[i] = spawn(thread, (void *)(i % 4));
    for (int i = 0; i < 16; i++)
        join(t[i]);
    OK("16 threads kept their rounding mode and flags");
    check(0);
    OK("main kept its own");
    CHECK_EQ(fesetround(FE_UPWARD), 0);
    join(spawn(inherits, (void *)1L));
    OK("a new thread has its maker's");
    most_parked("time", 16 * 5);
    return 0;
}
