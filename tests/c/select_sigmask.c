/* ppoll, pselect and epoll_pwait take a signal mask for the length of the call:
 * a signal that only this mask lets through ends the call with EINTR after its
 * handler ran. Must not change: the thread's own mask afterwards. (In main.) */
#include "util.h"
#include <sys/epoll.h>
#include <sys/select.h>

static volatile sig_atomic_t caught;
static void on_signal(int sig) { caught += sig == SIGUSR1; }

static int blocked(void)
{
    sigset_t now;
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
    return sigismember(&now, SIGUSR1);
}

int main(void)
{
    sigset_t usr1, open_mask;
    struct epoll_event ev;
    int ep = epoll_create1(0);
    alarm(20);
    signal(SIGUSR1, on_signal);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &usr1, &open_mask), 0);
    for (int i = 0; i < 4; i++) {
        raise(SIGUSR1);
        CHECK_EQ(caught, i);
        errno = 0;
        switch (i) {
        case 0: CHECK_ERRNO(ppoll(NULL, 0, NULL, &open_mask), EINTR); break;
        case 1: CHECK_ERRNO(pselect(0, NULL, NULL, NULL, NULL, &open_mask), EINTR); break;
        case 2: CHECK_ERRNO(epoll_pwait(ep, &ev, 1, -1, &open_mask), EINTR); break;
        case 3: CHECK_ERRNO(epoll_pwait2(ep, &ev, 1, NULL, &open_mask), EINTR); break;
        }
        CHECK_EQ(caught, i + 1);
        CHECK_EQ(blocked(), 1);
    }
    OK("ppoll, pselect, epoll_pwait, epoll_pwait2: EINTR, and the mask is back");

    raise(SIGUSR1);
    CHECK_EQ(ppoll(NULL, 0, &(struct timespec){0, 1000000}, NULL), 0);
    CHECK_EQ(caught, 4);
    OK("without a mask the signal stays blocked");
}
