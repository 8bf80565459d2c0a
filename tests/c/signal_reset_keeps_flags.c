/* SA_RESETHAND makes the action the default when the handler runs, and leaves its flags and its mask. */
#include "util.h"

static void handler(int sig) { (void)sig; }

static void *thread(void *arg)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
    sigaddset(&action.sa_mask, SIGUSR2);
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_EQ(raise(SIGUSR1), 0);
    CHECK_EQ(sigaction(SIGUSR1, NULL, &action), 0);
    CHECK(action.sa_handler == SIG_DFL);
    CHECK_EQ(action.sa_flags & (int)(SA_RESETHAND | SA_RESTART), (int)(SA_RESETHAND | SA_RESTART));
    CHECK_EQ(sigismember(&action.sa_mask, SIGUSR2), 1);
    OK("the default, with the flags and the mask");
    return arg;
}

int main(void)
{
    alarm(20);
    join(spawn(thread, NULL));
    return 0;
}
