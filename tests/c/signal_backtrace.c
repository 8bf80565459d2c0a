/* cflags: -O1 -fno-omit-frame-pointer -rdynamic -fno-optimize-sibling-calls */
/* A backtrace from a handler leads to the interrupted function, two frames
 * up, and from there on to the thread's start: on its stack and on another,
 * by a signal to oneself, by another thread's, and by a fault. */
#include "util.h"
#include <execinfo.h>
#include <setjmp.h>

static char alternate[64 << 10];
static atomic_int waits, handled;
static __thread sigjmp_buf back;

__attribute__((noinline)) void interrupted_by_itself(void)
{
    raise(SIGUSR1);
    __asm__ volatile("");
}

__attribute__((noinline)) void interrupted(void)
{
    waits = 1;
    while (!handled)
        __asm__ volatile("");
}

__attribute__((noinline)) void faults(void)
{
    *(volatile int *)8 = 1;
    __asm__ volatile("");
}

__attribute__((noinline)) void outer(void (*inner)(void))
{
    inner();
    __asm__ volatile("");
}

static int is_in(void *frame, const char *function)
{
    char **names = backtrace_symbols(&frame, 1);
    int found = strstr(names[0], function) != NULL;
    free(names);
    return found;
}

/* How many frames from `from` on `function` is found; -1: nowhere. */
static int look_for(void **frames, int n, int from, const char *function)
{
    for (int i = from; i < n; i++)
        if (is_in(frames[i], function))
            return i - from;
    return -1;
}

void show(int signum)
{
    void *frames[32];
    int n = backtrace(frames, 32);
    int own = look_for(frames, n, 0, "show");
    int itself = look_for(frames, n, 0, "interrupted_by_itself");
    const char *who = signum == SIGSEGV ? "faults" : "interrupted";
    CHECK(own >= 0);
    int up = look_for(frames, n, own, who);
    if (itself < 0)
        CHECK_EQ(up, 2);
    CHECK(up > 0);
    CHECK_EQ(look_for(frames, n, own + up, "outer"), 1);
    CHECK_EQ(look_for(frames, n, own + up, "start_here"), 2);
    handled = 1;
    if (signum == SIGSEGV)
        siglongjmp(back, 1);
}

__attribute__((noinline)) void *start_here(void *unused)
{
    stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
    outer(interrupted_by_itself);
    CHECK_EQ(sigaltstack(&stack, NULL), 0);
    outer(interrupted_by_itself);
    if (sigsetjmp(back, 1) == 0)
        outer(faults);
    handled = 0;
    outer(interrupted);
    __asm__ volatile("");
    return unused;
}

int main(void)
{
    void *first[1];
    struct sigaction action = {.sa_handler = show, .sa_flags = SA_ONSTACK};
    pthread_t thread;
    backtrace(first, 1); /* It loads a library. */
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGSEGV, &action, NULL);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pthread_create(&thread, NULL, start_here, NULL), 0);
        while (!waits)
            usleep(1000);
        waits = 0;
        CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
        CHECK_EQ(pthread_join(thread, NULL), 0);
    }
    OK("the interrupted function is two frames up");
    return 0;
}
