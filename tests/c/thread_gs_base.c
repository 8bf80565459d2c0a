/* The base of GS belongs to the thread that has set it (arch_prctl), by libc's function and by syscall(); a new thread has
 * none of another's that has ended. */
#include "moves.h"
#include <asm/prctl.h>

enum { THREADS = 6 };
extern int arch_prctl(int code, unsigned long address);

static unsigned long through_gs(void)
{
    unsigned long value;
    __asm__ volatile("movq %%gs:0, %0" : "=r"(value));
    return value;
}

static void *thread(void *arg)
{
    unsigned long own[1] = {(unsigned long)arg}, base;
    if ((long)arg % 2)
        CHECK_EQ(syscall(SYS_arch_prctl, ARCH_SET_GS, own), 0);
    else
        CHECK_EQ(arch_prctl(ARCH_SET_GS, (unsigned long)own), 0);
    for (int i = 0; i < 40; i++) {
        CHECK_EQ(through_gs(), (unsigned long)arg);
        move_on(i);
    }
    CHECK_EQ(arch_prctl(ARCH_GET_GS, (unsigned long)&base), 0);
    CHECK_EQ(base, (unsigned long)own);
    return NULL;
}

static void *has_none(void *arg)
{
    unsigned long base = 1;
    CHECK_EQ(arch_prctl(ARCH_GET_GS, (unsigned long)&base), 0);
    CHECK_EQ(base, 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    begin_moves();
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(thread, (void *)(i + 100));
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("each has its own");
    for (int i = 0; i < 20; i++)
        join(spawn(has_none, NULL));
    OK("the next have none");
    end_moves();
    return 0;
}
