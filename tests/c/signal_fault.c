/* SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGTRAP of a thread's own instruction reach its handler, on that thread, with the
 * address; siglongjmp recovers. A stack overflow is caught on the alternate stack, each thread's own; the stack can be
 * used again. */
/* cflags: -O0 -Wno-infinite-recursion */
#include "thread.h"
#include <setjmp.h>
#include <sys/mman.h>

#define THREADS 8
static _Thread_local sigjmp_buf out;
static _Thread_local volatile uintptr_t fault_at;
static _Thread_local volatile int code, on_stack, is_me;
static _Thread_local pthread_t me;
static _Thread_local char *alt;
static char *bad_page, *short_file;

static void on_fault(int sig, siginfo_t *info, void *context)
{
    char here;
    (void)context;
    fault_at = (uintptr_t)info->si_addr;
    code = info->si_code;
    is_me = pthread_equal(me, pthread_self());
    on_stack = &here >= alt && &here < alt + 65536;
    sched_yield();
    usleep(100); /* parks, on whatever stack this is */
    siglongjmp(out, sig);
}

static int deeper(volatile int n)
{
    volatile char room[1024];
    room[0] = (char)n;
    return deeper(n + 1) + room[0];
}

static void *faults(void *arg)
{
    stack_t stack = {.ss_size = 65536}, old;
    volatile int zero = 0;
    me = pthread_self();
    CHECK_EQ(sigaltstack(NULL, &old), 0);
    CHECK_EQ(old.ss_flags, SS_DISABLE);
    alt = stack.ss_sp = malloc(65536);
    CHECK_EQ(sigaltstack(&stack, NULL), 0);
    for (volatile int i = 0; i < 20; i++) {
        volatile int sig;
        if ((sig = sigsetjmp(out, 1)) == 0)
            *(volatile char *)(bad_page + i) = 1;
        CHECK_EQ(sig, SIGSEGV);
        CHECK_EQ(fault_at, (uintptr_t)bad_page + i);
        CHECK_EQ(code, SEGV_ACCERR);
        CHECK(is_me && on_stack);
        if ((sig = sigsetjmp(out, 1)) == 0)
            *(volatile char *)(short_file + i) = 1;
        CHECK_EQ(sig, SIGBUS);
        CHECK_EQ(fault_at, (uintptr_t)short_file + i);
        CHECK_EQ(code, BUS_ADRERR);
        CHECK(is_me && !on_stack);
        if ((sig = sigsetjmp(out, 1)) == 0)
            zero = 10 / zero;
        CHECK_EQ(sig, SIGFPE);
        CHECK_EQ(code, FPE_INTDIV);
        if ((sig = sigsetjmp(out, 1)) == 0)
            __asm__ volatile("ud2");
        CHECK_EQ(sig, SIGILL);
        if ((sig = sigsetjmp(out, 1)) == 0)
            __asm__ volatile("int3");
        CHECK_EQ(sig, SIGTRAP);
        if ((sig = sigsetjmp(out, 1)) == 0)
            deeper(0);
        CHECK_EQ(sig, SIGSEGV);
        CHECK(is_me && on_stack);
        CHECK_EQ(sigaltstack(NULL, &old), 0);
        CHECK_EQ(old.ss_flags, 0);
        CHECK_EQ((uintptr_t)old.ss_sp, (uintptr_t)alt);
        usleep(100);
    }
    stack.ss_flags = SS_DISABLE;
    CHECK_EQ(sigaltstack(&stack, NULL), 0);
    free(alt);
    return arg;
}

int main(void)
{
    pthread_t t[THREADS];
    int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
    FILE *file = tmpfile();
    alarm(25);
    bad_page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    short_file = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    for (int i = 0; i < 5; i++) {
        struct sigaction act = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | (i == 0 ? SA_ONSTACK : 0)};
        CHECK_EQ(sigaction(signals[i], &act, NULL), 0);
    }
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 256 * 1024);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&t[i], &attr, faults, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("faults and overflows of 8 threads at once, 20 times each, recovered from");
}
