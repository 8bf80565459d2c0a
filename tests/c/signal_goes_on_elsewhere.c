/* A handler may put all registers of another place of the thread into what it
 * interrupts, as a recovery from a fault does. The signal is open again after
 * its return, and stays so while the thread waits. */
#include "util.h"
#include <ucontext.h>

static __thread ucontext_t recovery;
static __thread volatile int faults;

static void recover(int signum, siginfo_t *info, void *context)
{
    (void)signum, (void)info;
    ucontext_t *interrupted = context;
    faults++;
    mcontext_t before = interrupted->uc_mcontext;
    interrupted->uc_mcontext = recovery.uc_mcontext;
    /* What getcontext leaves out. */
    interrupted->uc_mcontext.fpregs = before.fpregs;
    for (int i = REG_EFL; i < NGREG; i++)
        interrupted->uc_mcontext.gregs[i] = before.gregs[i];
    interrupted->uc_mcontext.gregs[REG_RAX] = 0;
}

/* Others have another mask, so that each switch between them sets one. */
static void *run(void *blocks)
{
    sigset_t own;
    sigemptyset(&own);
    if (blocks)
        sigaddset(&own, SIGUSR1);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &own, NULL), 0);
    getcontext(&recovery);
    if (faults < 5) {
        usleep(1000);
        *(volatile int *)8 = 1;
    }
    sigset_t blocked;
    usleep(1000);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, NULL, &blocked), 0);
    CHECK_EQ(sigismember(&blocked, SIGSEGV), 0);
    CHECK_EQ(faults, 5);
    return NULL;
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = recover, .sa_flags = SA_SIGINFO};
    pthread_t threads[4];
    sigaction(SIGSEGV, &action, NULL);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, run, i % 2 ? &action : NULL), 0);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    OK("a fault is recovered from five times in each of four threads");
    return 0;
}
