/* Signals to one thread, each sent when a handler has run for the one before,
 * all arrive, while the thread computes and locks: also those that are sent
 * while the handler of the same signal is about to return. */
#include "thread.h"
#include <semaphore.h>

enum { SIGNALS = 20000 };
static struct sender {
    int signum;
    sem_t taken;
} senders[2] = {{.signum = SIGUSR1}, {.signum = SIGUSR2}};
static pthread_t target;
static atomic_int storms = 2;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void handler(int signum)
{
    if (!pthread_equal(pthread_self(), target))
        abort();
    sem_post(&senders[signum == SIGUSR2].taken);
}

static void *sends(void *arg)
{
    struct sender *me = arg;
    for (int i = 0; i < SIGNALS; i++) {
        CHECK_EQ(pthread_kill(target, me->signum), 0);
        CHECK_EQ(sem_wait(&me->taken), 0);
        CHECK_EQ(pthread_mutex_lock(&lock), 0);
        CHECK_EQ(pthread_mutex_unlock(&lock), 0);
    }
    storms--;
    return arg;
}

static void *locks(void *arg)
{
    while (storms > 0) {
        CHECK_EQ(pthread_mutex_lock(&lock), 0);
        CHECK_EQ(pthread_mutex_unlock(&lock), 0);
    }
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t sending[2];
    signal(SIGUSR1, handler);
    signal(SIGUSR2, handler);
    target = spawn(locks, NULL);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(sem_init(&senders[i].taken, 0, 0), 0);
        sending[i] = spawn(sends, &senders[i]);
    }
    for (int i = 0; i < 2; i++)
        join(sending[i]);
    join(target);
    OK("%d signals have arrived", 2 * SIGNALS);
    return 0;
}
