/* A thread stops all others, main too, by a signal whose handler waits for a second one, as garbage collectors do, while
 * threads begin, end, sleep, compute, and are joined. */
#include "util.h"
#include <semaphore.h>

enum { THREADS = 12, ROUNDS = 8, TURNS = 400, MAIN = THREADS };
static pthread_mutex_t world = PTHREAD_MUTEX_INITIALIZER;
static struct {
    pthread_t id;
    int lives;
} threads[THREADS + 1];
static sem_t stopped;
static long stops;

static void on_stop(int sig)
{
    int saved = errno;
    sigset_t but_resume;
    (void)sig;
    sigfillset(&but_resume);
    sigdelset(&but_resume, SIGUSR2);
    sem_post(&stopped);
    sigsuspend(&but_resume);
    errno = saved;
}

static void on_resume(int sig)
{
    (void)sig;
}

static int tell_others(int me, int sig)
{
    int told = 0;
    for (int i = 0; i <= THREADS; i++)
        told += i != me && threads[i].lives && pthread_kill(threads[i].id, sig) == 0;
    return told;
}

static void stop_the_world(int me)
{
    pthread_mutex_lock(&world);
    for (int left = tell_others(me, SIGUSR1); left > 0; left--)
        while (sem_wait(&stopped) == -1)
            CHECK_EQ(errno, EINTR);
    stops++;
    tell_others(me, SIGUSR2);
    pthread_mutex_unlock(&world);
}

static void live(int me, int lives)
{
    pthread_mutex_lock(&world);
    threads[me].id = pthread_self();
    threads[me].lives = lives;
    pthread_mutex_unlock(&world);
}

static void *mutator(void *arg)
{
    int me = (int)(intptr_t)arg;
    volatile unsigned sum = 0;
    live(me, 1);
    for (int k = 0; k < TURNS; k++) {
        for (int i = 0; i < 500; i++)
            sum += (unsigned)i;
        if (k % 50 == 0)
            usleep(200);
        if (k % 100 == 0)
            stop_the_world(me);
    }
    live(me, 0);
    return NULL;
}

int main(void)
{
    struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
    struct sigaction resume = {.sa_handler = on_resume, .sa_flags = SA_RESTART};
    pthread_t t[THREADS];
    alarm(25);
    sigfillset(&stop.sa_mask);
    CHECK_EQ(sigaction(SIGUSR1, &stop, NULL), 0);
    CHECK_EQ(sigaction(SIGUSR2, &resume, NULL), 0);
    CHECK_EQ(sem_init(&stopped, 0, 0), 0);
    live(MAIN, 1);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < THREADS; i++)
            t[i] = spawn(mutator, (void *)(intptr_t)i);
        for (int i = 0; i < THREADS; i++)
            join(t[i]);
    }
    CHECK_EQ(stops, ROUNDS * THREADS * TURNS / 100);
    OK("all stopped, and all went on");
    return 0;
}
