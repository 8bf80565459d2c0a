/* kill and sigqueue with the id of a thread are to its process: a thread that does not block the signal takes it, though the
 * one that was named blocks it. The id of a thread that has ended is nobody's. */
#include "thread.h"
#include <stdbool.h>

static atomic_int named, gone, taken, value;
static atomic_bool over;

static void on_signal(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    CHECK(gettid() != named && gettid() != getpid());
    value = info->si_value.sival_int;
    taken++;
}

static void *is_named(void *arg)
{
    named = gettid();
    while (!over)
        sleep_ms(1);
    return arg;
}

static void *takes(void *arg)
{
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGRTMIN);
    CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &one, NULL), 0);
    while (!over)
        sleep_ms(1);
    return arg;
}

static void *ends(void *arg)
{
    gone = gettid();
    return arg;
}

static void *sends(void *arg)
{
    CHECK_EQ(kill(named, 0), 0);
    CHECK_EQ(kill(named, SIGRTMIN), 0);
    while (taken < 1)
        sleep_ms(1);
    CHECK_EQ(sigqueue(named, SIGRTMIN, (union sigval){.sival_int = 7}), 0);
    while (taken < 2)
        sleep_ms(1);
    CHECK_EQ(value, 7);
    CHECK_ERRNO(kill(named, 99), EINVAL);
    CHECK_ERRNO(kill(gone, 0), ESRCH);
    CHECK_ERRNO(sigqueue(gone, SIGRTMIN, (union sigval){0}), ESRCH);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGRTMIN);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &one, NULL), 0);
    CHECK_EQ(sigaction(SIGRTMIN, &action, NULL), 0);
    join(spawn(ends, NULL));
    pthread_t t[2] = {spawn(is_named, NULL), spawn(takes, NULL)};
    while (!named)
        sleep_ms(1);
    join(spawn(sends, NULL));
    OK("from a thread: %d taken", taken);
    taken = 0;
    sends(NULL);
    OK("from main: %d taken", taken);
    over = true;
    join(t[0]);
    join(t[1]);
    return 0;
}
