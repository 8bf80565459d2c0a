/* The pattern that pselect, ppoll and epoll_pwait are for, in a thread: a signal is blocked but while they wait. None is
 * ever missed, whenever it comes: the sender waits for each to be handled before it sends the next. */
/* time: 60 */
#include "thread.h"
#include <sys/epoll.h>
#include <sys/select.h>

#define N 2000
static _Atomic int caught;
static void on_signal(int sig) { caught += sig == SIGUSR1; }
static int how, ep;

static void *waits(void *arg)
{
    sigset_t usr1, open_mask;
    struct epoll_event ev;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &usr1, &open_mask), 0);
    sigdelset(&open_mask, SIGUSR1);
    *(_Atomic int *)arg = 1;
    for (int n = 0; n < N;) {
        int before = caught, result = 0;
        CHECK_EQ(before, n);
        switch (how) {
        case 0: result = ppoll(NULL, 0, NULL, &open_mask); break;
        case 1: result = pselect(0, NULL, NULL, NULL, NULL, &open_mask); break;
        case 2: result = epoll_pwait(ep, &ev, 1, -1, &open_mask); break;
        case 3: result = sigsuspend(&open_mask); break;
        }
        CHECK_EQ(result, -1);
        CHECK_EQ(errno, EINTR);
        CHECK_EQ(caught, before + 1);
        n++;
    }
    return NULL;
}

int main(void)
{
    const char *names[] = {"ppoll", "pselect", "epoll_pwait", "sigsuspend"};
    alarm(55);
    signal(SIGUSR1, on_signal);
    ep = epoll_create1(0);
    for (how = 0; how < 4; how++) {
        _Atomic int ready = 0;
        caught = 0;
        pthread_t t = spawn(waits, &ready);
        while (!ready)
            sleep_ms(1);
        for (int i = 0; i < N; i++) {
            CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
            int64_t end = now_ms() + 10000;
            while (caught <= i && now_ms() < end)
                sched_yield();
            CHECK_EQ(caught, i + 1);
            for (volatile int spin = i % 97 * 20; spin > 0; spin--)
                ;
        }
        join(t);
        OK("%s: none of %d is missed", names[how], N);
    }
}
