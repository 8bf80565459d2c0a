/* Masks, actions and waits for signals by syscall(2) are the calling thread's, as those of libc's functions are. */
#include "util.h"
#include <sys/epoll.h>
#include <sys/syscall.h>

struct kernel_action {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

static const uint64_t usr1 = 1ULL << (SIGUSR1 - 1), none = 0;
static _Atomic int handled, waits;
static void on_signal(int sig)
{
    handled += sig == SIGUSR1;
}

static uint64_t mask(void)
{
    uint64_t present;
    CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_SETMASK, NULL, &present, sizeof present), 0);
    return present;
}

static void *blocks(void *arg)
{
    CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &usr1, NULL, sizeof usr1), 0);
    for (int i = 0; i < 50; i++) {
        usleep(200);
        CHECK_EQ(mask(), usr1);
    }
    return arg;
}

static void *blocks_nothing(void *arg)
{
    for (int i = 0; i < 50; i++) {
        usleep(200);
        CHECK_EQ(mask(), 0);
    }
    return arg;
}

static long by_sigtimedwait(void)
{
    struct timespec ten_s = {10, 0};
    return syscall(SYS_rt_sigtimedwait, &usr1, NULL, &ten_s, sizeof usr1);
}

static long by_sigsuspend(void)
{
    return syscall(SYS_rt_sigsuspend, &none, sizeof none);
}

static long by_ppoll(void)
{
    struct timespec ten_s = {10, 0};
    return syscall(SYS_ppoll, NULL, 0, &ten_s, &none, sizeof none);
}

static long by_pselect(void)
{
    struct timespec ten_s = {10, 0};
    struct {
        const uint64_t *set;
        size_t size;
    } with = {&none, sizeof none};
    return syscall(SYS_pselect6, 0, NULL, NULL, NULL, &ten_s, &with);
}

static long by_epoll(void)
{
    struct epoll_event event;
    int fd = epoll_create1(0);
    long result = syscall(SYS_epoll_pwait, fd, &event, 1, 10000, &none, sizeof none);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

static void *waiter(void *arg)
{
    CHECK_EQ(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &usr1, NULL, sizeof usr1), 0);
    waits = 1;
    errno = 0;
    long result = ((long (*)(void))arg)();
    return (void *)(result == -1 ? -errno : result);
}

/* A signal to a thread that blocks it but for its wait ends that. */
static void end_wait(long (*wait)(void), long want, int runs)
{
    handled = waits = 0;
    pthread_t t = spawn(waiter, (void *)wait);
    while (!waits)
        usleep(100);
    usleep(20000);
    CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
    CHECK_EQ((long)join(t), want);
    CHECK_EQ(handled, runs);
}

int main(void)
{
    alarm(25);
    pthread_t t[2] = {spawn(blocks, NULL), spawn(blocks_nothing, NULL)};
    join(t[0]);
    join(t[1]);
    OK("the mask is the thread's own");

    struct sigaction action = {.sa_handler = on_signal};
    struct kernel_action by_call = {0};
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_EQ(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &by_call, sizeof by_call.mask), 0);
    CHECK(by_call.handler == on_signal);
    CHECK_EQ(syscall(SYS_rt_sigaction, SIGUSR1, &by_call, NULL, sizeof by_call.mask), 0);
    CHECK_EQ(sigaction(SIGUSR1, NULL, &action), 0);
    CHECK(action.sa_handler == on_signal);
    CHECK_ERRNO(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &by_call, 4), EINVAL);
    CHECK_ERRNO(syscall(SYS_rt_sigaction, SIGUSR1, 8, NULL, sizeof by_call.mask), EFAULT);
    OK("an action is what was installed");

    end_wait(by_sigtimedwait, SIGUSR1, 0);
    end_wait(by_sigsuspend, -EINTR, 1);
    end_wait(by_ppoll, -EINTR, 1);
    end_wait(by_pselect, -EINTR, 1);
    end_wait(by_epoll, -EINTR, 1);
    OK("a wait with a mask or a set notices the thread's signals");
    return 0;
}
