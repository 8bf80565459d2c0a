/* The first thread that opens a signal which main blocks has descriptors of its own, and ends: a signal to the process
 * still reaches another one that has opened it, and sleeps. */
#include "thread.h"
#include <sched.h>
#include <semaphore.h>

static sem_t opened, never;
static atomic_int handled;

static void handler(int signum) { (void)signum, handled++; }

static void opens(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &set, NULL), 0);
}

static void *apart(void *arg)
{
    CHECK_EQ(unshare(CLONE_FILES), 0);
    opens();
    CHECK_EQ(sem_wait(&opened), 0);
    return arg;
}

static void *sleeps(void *arg)
{
    opens();
    CHECK_EQ(sem_post(&opened), 0);
    CHECK_ERRNO(sem_wait(&never), EINTR);
    return arg;
}

int main(void)
{
    struct sigaction action = {.sa_handler = handler};
    sigset_t set;
    SAFETY_NET();
    sem_init(&opened, 0, 0);
    sem_init(&never, 0, 0);
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    pthread_t first = spawn(apart, NULL);
    sleep_ms(50);
    pthread_t second = spawn(sleeps, NULL);
    join(first);
    sleep_ms(500);
    CHECK_EQ(kill(getpid(), SIGUSR1), 0);
    join(second);
    CHECK_EQ(handled, 1);
    OK("handled by the thread that sleeps");
    return 0;
}
