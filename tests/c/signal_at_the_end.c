/* What was sent to a thread before its end is handled; what comes at its end is lost, and leaves nothing behind; what was
 * sent to the process is never lost. */
#include "util.h"
#include <semaphore.h>

enum { ENDINGS = 1000, TRIES = 60, ROOM = 6000 };
static sem_t handled[2];
static _Atomic int stop, waiter_left;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sigset_t both;

static void on_signal(int sig)
{
    if (sig == SIGUSR1 || sig == SIGUSR2)
        sem_post(&handled[sig == SIGUSR2]);
}

/* Each signal to the process is sent when the one before has been handled. */
static void *sender(void *arg)
{
    int which = arg != NULL;
    while (!stop) {
        sem_wait(&handled[which]);
        CHECK_EQ(kill(getpid(), which ? SIGUSR2 : SIGUSR1), 0);
    }
    return NULL;
}

static void *waiter(void *arg)
{
    pthread_mutex_lock(&mutex);
    while (!stop)
        pthread_cond_wait(&cond, &mutex);
    waiter_left = 1;
    pthread_mutex_unlock(&mutex);
    return arg;
}

/* The only one that takes them. */
static void *receiver(void *arg)
{
    pthread_sigmask(SIG_UNBLOCK, &both, NULL);
    while (!waiter_left)
        pthread_cond_signal(&cond);
    return arg;
}

static void block_all(void)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
}

static void *brief(void *arg)
{
    block_all();
    return arg;
}

static void *lasts(void *arg)
{
    block_all();
    while (!*(_Atomic int *)arg)
        usleep(1000);
    return NULL;
}

/* How many signals can be queued, of those that queue. */
static int room(void)
{
    _Atomic int over = 0;
    int n = 0;
    pthread_t t = spawn(lasts, (void *)&over);
    usleep(20000);
    while (n < ROOM && pthread_kill(t, SIGRTMIN + 1) == 0)
        n++;
    over = 1;
    join(t);
    return n;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    alarm(25);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    sigaction(SIGRTMIN + 1, &action, NULL);
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &both, NULL);
    for (int round = 0; round < 10; round++) {
        stop = waiter_left = 0;
        sem_init(&handled[0], 0, 1);
        sem_init(&handled[1], 0, 1);
        pthread_t t[] = {spawn(waiter, NULL), spawn(receiver, NULL), spawn(sender, NULL), spawn(sender, "")};
        sleep_ms(30);
        stop = 1;
        for (int i = 3; i >= 0; i--)
            join(t[i]);
    }
    OK("the process's are handled up to the end of the thread that takes them");

    int before = room();
    for (int i = 0; i < ENDINGS; i++) {
        pthread_t t = spawn(brief, NULL);
        for (int k = 0; k < TRIES; k++)
            CHECK_EQ(pthread_kill(t, SIGRTMIN + 1), 0);
        join(t);
    }
    CHECK_EQ(room(), before);
    OK("those to threads that end leave nothing behind");
    return 0;
}
