/* Signals to the process, each sent when a handler has run for the one before,
 * all arrive, while the threads that take them make others and join them: one
 * that were lost would end the storm. */
#include "thread.h"
#include <semaphore.h>

enum { SIGNALS = 5000, STACK = 1 << 16 };
static struct sender {
    int signum;
    sem_t taken;
} senders[2] = {{.signum = SIGUSR1}, {.signum = SIGUSR2}};
static atomic_int storms = 2;
static _Alignas(4096) char stack[STACK];

static void handler(int signum)
{
    sem_post(&senders[signum == SIGUSR2].taken);
}

static void mask_both(int how)
{
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    CHECK_EQ(pthread_sigmask(how, &both, NULL), 0);
}

static void *sends(void *arg)
{
    struct sender *me = arg;
    for (int i = 0; i < SIGNALS; i++) {
        CHECK_EQ(kill(getpid(), me->signum), 0);
        CHECK_EQ(sem_wait(&me->taken), 0);
    }
    storms--;
    return arg;
}

static void *ends_at_once(void *arg) { return arg; }

/* Every other thread is on memory of the program's. */
static void *makes_threads(void *arg)
{
    pthread_attr_t own;
    CHECK_EQ(pthread_attr_init(&own), 0);
    CHECK_EQ(pthread_attr_setstack(&own, stack, sizeof stack), 0);
    mask_both(SIG_UNBLOCK);
    for (int i = 0; storms > 0; i++) {
        pthread_t t;
        CHECK_EQ(pthread_create(&t, i % 2 ? &own : NULL, ends_at_once, arg), 0);
        CHECK(join(t) == arg);
    }
    return arg;
}

int main(void)
{
    SAFETY_NET();
    mask_both(SIG_BLOCK);
    signal(SIGUSR1, handler);
    signal(SIGUSR2, handler);
    pthread_t maker = spawn(makes_threads, NULL), sending[2];
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(sem_init(&senders[i].taken, 0, 0), 0);
        sending[i] = spawn(sends, &senders[i]);
    }
    for (int i = 0; i < 2; i++)
        join(sending[i]);
    join(maker);
    OK("%d signals have arrived", 2 * SIGNALS);
    return 0;
}
