/* A signal to the process is pending or handled at every moment, never in between: for the one thread that may take it,
 * main having all blocked. */
#include "util.h"

enum { ROUNDS = 500 };
static volatile sig_atomic_t handled;
static void on_signal(int sig)
{
    handled = sig;
}

static void block(int how, const sigset_t *set)
{
    CHECK_EQ(pthread_sigmask(how, set, NULL), 0);
}

static void *taker(void *arg)
{
    sigset_t none, usr1, pending;
    struct timespec at_once = {0, 0};
    sigemptyset(&none);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    block(SIG_SETMASK, &none);
    for (int i = 0; i < ROUNDS; i++) {
        handled = 0;
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        CHECK_EQ(waitpid(child, NULL, 0), child);
        CHECK_EQ(handled, SIGCHLD);

        block(SIG_BLOCK, &usr1);
        CHECK_EQ(kill(getpid(), SIGUSR1), 0);
        CHECK_EQ(sigpending(&pending), 0);
        CHECK(sigismember(&pending, SIGUSR1));
        CHECK_EQ(handled, SIGCHLD);
        block(SIG_UNBLOCK, &usr1);
        CHECK_EQ(handled, SIGUSR1);

        block(SIG_BLOCK, &usr1);
        CHECK_EQ(kill(getpid(), SIGUSR1), 0);
        CHECK_EQ(sigtimedwait(&usr1, NULL, &at_once), SIGUSR1);
        block(SIG_UNBLOCK, &usr1);
    }
    return arg;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigset_t all;
    alarm(25);
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_EQ(sigaction(SIGCHLD, &action, NULL), 0);
    sigfillset(&all);
    block(SIG_SETMASK, &all);
    join(spawn(taker, NULL));
    OK("a child's end is handled before wait tells of it");
    OK("what is blocked is pending, and handled when it is unblocked");
    OK("what is pending is taken");
    return 0;
}
