/* cflags: -Wno-infinite-recursion */
/* setjmp and longjmp work within a thread, with parks between the two: locals,
 * the stack and the signal mask are that thread's own. */
#include "thread.h"
#include <setjmp.h>

static void __attribute__((noinline)) deeper(jmp_buf *back, int n)
{
    char pad[256];
    memset(pad, n, sizeof pad);
    sleep_ms(1);
    if (n == 0)
        longjmp(*back, 42);
    deeper(back, n - 1);
    CHECK_EQ(pad[0], n);
}

static void *jumps(void *arg)
{
    volatile int rounds = 0;
    jmp_buf back;
    int code = setjmp(back);
    if (code)
        CHECK_EQ(code, 42);
    if (rounds < 5) {
        rounds = rounds + 1;
        deeper(&back, 3);
        CHECK(!"never here");
    }
    return arg;
}

static void *keeps_mask(void *arg)
{
    sigset_t blocked, now;
    sigjmp_buf back;
    if (sigsetjmp(back, 1) == 0) {
        sigemptyset(&blocked);
        sigaddset(&blocked, SIGUSR1);
        CHECK_EQ(pthread_sigmask(SIG_BLOCK, &blocked, NULL), 0);
        sleep_ms(2);
        CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
        CHECK(sigismember(&now, SIGUSR1));
        siglongjmp(back, 1);
    }
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
    CHECK(!sigismember(&now, SIGUSR1));
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[10], m[10];
    for (int i = 0; i < 10; i++) {
        t[i] = spawn(jumps, NULL);
        m[i] = spawn(keeps_mask, NULL);
    }
    for (int i = 0; i < 10; i++) {
        join(t[i]);
        join(m[i]);
    }
    OK("10 threads jump back 5 times each, across parks");
    OK("siglongjmp restores the mask");
    most_parked("time", 10 * 5 * 4 + 10);
    return 0;
}
