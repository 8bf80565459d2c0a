/* Signals to a thread: those of real time queue in order with their values, the others merge; the lowest number first;
 * what is pending arrives before pthread_sigmask returns; raise and kill of oneself arrive before they return. */
#include "thread.h"

#define N 100
static _Thread_local volatile int seen[4 * N], values[4 * N], codes[4 * N], n;
static _Thread_local volatile pid_t sender;

static void on_signal(int sig, siginfo_t *info, void *context)
{
    (void)context;
    seen[n] = sig;
    values[n] = info->si_value.sival_int;
    codes[n] = info->si_code;
    sender = info->si_pid;
    n++;
}

static sigset_t all;

static void *target(void *arg)
{
    int *gate = arg, c;
    CHECK_EQ(read(gate[0], &c, 1), 1);
    CHECK_EQ(n, 0);
    sigset_t pending, two;
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGRTMIN + 1) && sigismember(&pending, SIGRTMIN));
    CHECK(!sigismember(&pending, SIGUSR2));
    /* One of many. */
    sigemptyset(&two);
    sigaddset(&two, SIGRTMIN + 1);
    CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &two, NULL), 0);
    CHECK_EQ(n, N);
    for (int i = 0; i < N; i++) {
        CHECK_EQ(seen[i], SIGRTMIN + 1);
        CHECK_EQ(values[i], i);
        CHECK_EQ(codes[i], SI_QUEUE);
    }
    CHECK_EQ(sender, getpid());
    OK("100 of SIGRTMIN+1: in order, with their values, before pthread_sigmask returns");
    n = 0;
    CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &all, NULL), 0);
    CHECK_EQ(n, N + 1);
    /* Handlers are stacked, the lowest number's last: it runs first only if masks forbid nesting, as sa_mask does. */
    CHECK_EQ(seen[0], SIGUSR1);
    CHECK_EQ(codes[0], SI_TKILL);
    for (int i = 0; i < N; i++) {
        CHECK_EQ(seen[i + 1], SIGRTMIN);
        CHECK_EQ(values[i + 1], i);
    }
    OK("SIGUSR1 once, and first; 100 of SIGRTMIN");
    sigpending(&pending);
    CHECK(!sigismember(&pending, SIGUSR1) && !sigismember(&pending, SIGRTMIN));

    n = 0;
    CHECK_EQ(raise(SIGUSR1), 0);
    CHECK_EQ(n, 1);
    CHECK_EQ(codes[0], SI_TKILL);
    CHECK_EQ(pthread_kill(pthread_self(), SIGUSR2), 0);
    CHECK_EQ(n, 2);
    CHECK_EQ(kill(getpid(), SIGUSR1), 0);
    CHECK_EQ(n, 3);
    CHECK_EQ(codes[2], SI_USER);
    CHECK_EQ(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 7}), 0);
    CHECK_EQ(n, 4);
    CHECK_EQ(codes[3], SI_QUEUE);
    CHECK_EQ(values[3], 7);
    CHECK_EQ(pthread_sigqueue(pthread_self(), SIGRTMIN, (union sigval){.sival_int = 8}), 0);
    CHECK_EQ(n, 5);
    CHECK_EQ(values[4], 8);
    CHECK_EQ(tgkill(getpid(), gettid(), SIGUSR1), 0);
    CHECK_EQ(n, 6);
    OK("raise, pthread_kill, kill, sigqueue, pthread_sigqueue, tgkill of oneself have arrived");
    CHECK_EQ(pthread_kill(pthread_self(), 0), 0);
    CHECK_EQ(pthread_kill(pthread_self(), 65), EINVAL);
    CHECK_EQ(pthread_kill(pthread_self(), -1), EINVAL);
    CHECK_EQ(pthread_kill(pthread_self(), 32), EINVAL);
    CHECK_EQ(pthread_sigqueue(pthread_self(), 33, (union sigval){0}), EINVAL);
    CHECK_EQ(n, 6);
    OK("errors");

    /* All blocked: raised thrice, taken by sigtimedwait in order, with nothing left. */
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &all, NULL), 0);
    for (int i = 0; i < 3; i++) {
        raise(SIGUSR1);
        pthread_sigqueue(pthread_self(), SIGRTMIN, (union sigval){.sival_int = i});
    }
    siginfo_t info;
    struct timespec none = {0, 0};
    CHECK_EQ(sigtimedwait(&all, &info, &none), SIGUSR1);
    CHECK_EQ(info.si_signo, SIGUSR1);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(sigwaitinfo(&all, &info), SIGRTMIN);
        CHECK_EQ(info.si_value.sival_int, i);
        CHECK_EQ(info.si_code, SI_QUEUE);
        CHECK_EQ(info.si_pid, getpid());
        CHECK_EQ(info.si_uid, getuid());
    }
    CHECK_ERRNO(sigtimedwait(&all, &info, &none), EAGAIN);
    OK("sigtimedwait takes them in order");
    return NULL;
}

int main(void)
{
    int gate[2];
    alarm(20);
    sigemptyset(&all);
    int signals[] = {SIGUSR1, SIGUSR2, SIGRTMIN, SIGRTMIN + 1};
    for (int i = 0; i < 4; i++)
        sigaddset(&all, signals[i]);
    for (int i = 0; i < 4; i++) {
        struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO, .sa_mask = all};
        CHECK_EQ(sigaction(signals[i], &act, NULL), 0);
    }
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &all, NULL), 0);
    CHECK_EQ(pipe(gate), 0);
    pthread_t t = spawn(target, gate);
    for (int i = 0; i < N; i++) {
        CHECK_EQ(pthread_sigqueue(t, SIGRTMIN + 1, (union sigval){.sival_int = i}), 0);
        CHECK_EQ(pthread_sigqueue(t, SIGRTMIN, (union sigval){.sival_int = i}), 0);
        CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
    }
    CHECK_EQ(write(gate[1], "x", 1), 1);
    join(t);
}
