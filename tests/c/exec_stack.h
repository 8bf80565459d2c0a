/* Code on the caller's stack. */
#ifndef EXEC_STACK_H
#define EXEC_STACK_H

#include "util.h"

/* Writes `mov eax, n; ret` onto the stack and calls it. */
__attribute__((noinline)) static int run_on_stack(unsigned char n)
{
    volatile unsigned char code[16] = {0xb8, n, 0, 0, 0, 0xc3};
    int (*function)(void) = (int (*)(void))(uintptr_t)code;
    return function();
}

__attribute__((noinline)) static int deeper(volatile char *above, int depth)
{
    volatile char here[4096];
    here[0] = *above;
    return depth == 0 ? 0 : deeper(here, depth - 1) + here[0];
}

static void *overflow(void *unused)
{
    volatile char first = 1;
    return deeper(&first, 1 << 20) ? unused : NULL;
}

/* The guard below a stack still ends it. */
static void check_overflow(void)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, overflow, NULL);
        pthread_join(thread, NULL);
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

#endif
