/* gsignal(3) is raise(3) by its older name: the signal is the thread's own, and
 * while the thread blocks it, it waits for that thread wherever it runs. */
#include "thread.h"

enum { THREADS = 8 };
static __thread int handled;

static void handler(int signum)
{
    (void)signum;
    handled++;
}

static void *raises(void *arg)
{
    sigset_t set, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(gsignal(SIGUSR1), 0);
        CHECK_EQ(handled, 2 * i + 1);
        CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
        CHECK_EQ(gsignal(SIGUSR1), 0);
        sleep_ms(1);
        CHECK_EQ(sigpending(&pending), 0);
        CHECK(sigismember(&pending, SIGUSR1));
        CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &set, NULL), 0);
        CHECK_EQ(handled, 2 * i + 2);
    }
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    signal(SIGUSR1, handler);
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(raises, NULL);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("each thread handled what it raised");
    most_parked("time", THREADS * 20);
    return 0;
}
