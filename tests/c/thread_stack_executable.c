/* cflags: -Wl,-z,execstack */
/* A program that asks for executable stacks has them in each thread, over a
 * guard that still ends them. */
#include "exec_stack.h"

static void *run(void *n)
{
    int before = run_on_stack((uintptr_t)n);
    usleep(1000);
    return (void *)(uintptr_t)(before + run_on_stack((uintptr_t)n));
}

int main(void)
{
    enum { THREADS = 40 };
    pthread_t threads[THREADS];
    for (uintptr_t round = 0; round < 2; round++) {
        for (uintptr_t i = 0; i < THREADS; i++)
            CHECK_EQ(pthread_create(&threads[i], NULL, run, (void *)i), 0);
        for (uintptr_t i = 0; i < THREADS; i++) {
            void *sum;
            CHECK_EQ(pthread_join(threads[i], &sum), 0);
            CHECK_EQ((uintptr_t)sum, 2 * i);
        }
    }
    OK("code on the stacks of threads runs");
    check_overflow();
    OK("an overflow ends the process");
    return 0;
}
