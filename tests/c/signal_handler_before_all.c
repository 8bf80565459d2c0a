/* A handler that was installed before any library was initialised runs as others do: it is told of the signal, and the mask
 * that it changes meanwhile is put back. */
#include "util.h"

static volatile sig_atomic_t runs, code;
static void on_signal(int sig, siginfo_t *info, void *context)
{
    sigset_t all, before;
    (void)sig, (void)context;
    code = info->si_code;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    sigprocmask(SIG_SETMASK, &before, NULL);
    runs++;
}

static void install(void)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = install;

static void *thread(void *arg)
{
    sigset_t mask;
    for (int i = 1; i <= 100; i++) {
        CHECK_EQ(pthread_kill(pthread_self(), SIGUSR1), 0);
        CHECK_EQ(runs, i);
        CHECK_EQ(code, SI_TKILL);
        usleep(100);
        CHECK_EQ(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
        CHECK_EQ(sigismember(&mask, SIGUSR1), 0);
    }
    return arg;
}

int main(void)
{
    struct sigaction action;
    CHECK_EQ(sigaction(SIGUSR1, NULL, &action), 0);
    CHECK(action.sa_sigaction == on_signal);
    join(spawn(thread, NULL));
    OK("it is told of each signal, and leaves the mask as it was");
    return 0;
}
