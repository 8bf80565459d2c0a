/* To ignore a signal discards what is pending of it, for threads as well; so does the default, where that is to ignore. */
#include "util.h"

static volatile sig_atomic_t handled;
static void on_signal(int sig)
{
    handled = sig;
}

static int is_pending(int sig)
{
    sigset_t pending;
    CHECK_EQ(sigpending(&pending), 0);
    return sigismember(&pending, sig);
}

/* `way` discards `sig`, which the caller blocks. */
static void discard(int sig, void (*way)(int), const sigset_t *blocked)
{
    signal(sig, on_signal);
    CHECK_EQ(pthread_kill(pthread_self(), sig), 0);
    CHECK(is_pending(sig));
    signal(sig, way);
    CHECK(!is_pending(sig));
    signal(sig, on_signal);
    CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, blocked, NULL), 0);
    CHECK_EQ(handled, 0);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, blocked, NULL), 0);
}

static void *thread(void *arg)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGWINCH);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &blocked, NULL), 0);
    discard(SIGUSR1, SIG_IGN, &blocked);
    OK("SIG_IGN");
    discard(SIGWINCH, SIG_DFL, &blocked);
    OK("SIG_DFL of SIGWINCH");
    return arg;
}

int main(void)
{
    join(spawn(thread, NULL));
    return 0;
}
