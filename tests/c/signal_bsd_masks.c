/* sigblock and sigsetmask change the thread's mask, which stays its own while
 * it waits and others run, and answer with the mask before. */
/* cflags: -Wno-deprecated-declarations */
#include "thread.h"

enum { THREADS = 8 };
#define BIT(signum) (1 << ((signum) - 1))

static int blocked(int signum)
{
    sigset_t now;
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
    return sigismember(&now, signum);
}

static void *masks(void *arg)
{
    int own = (long)arg % 2 ? SIGUSR1 : SIGUSR2, other = own ^ SIGUSR1 ^ SIGUSR2;
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(sigblock(BIT(own)), 0);
        sleep_ms(1);
        CHECK(blocked(own) && !blocked(other));
        CHECK_EQ(siggetmask(), BIT(own));
        CHECK_EQ(sigsetmask(BIT(SIGHUP)), BIT(own));
        sleep_ms(1);
        CHECK(blocked(SIGHUP) && !blocked(own));
        CHECK_EQ(sigsetmask(0), BIT(SIGHUP));
    }
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(masks, (void *)i);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("each has its own");
    most_parked("time", THREADS * 40);
    return 0;
}
