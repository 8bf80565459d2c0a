/* alone */
/* Threads that wait for a mutex and a semaphore shared with another process,
 * which keeps them for a while, hold nobody up. */
#include "ticker.h"
#include <semaphore.h>
#include <sys/mman.h>

static struct shared {
    pthread_mutex_t m;
    sem_t held, later;
} *s;

static void *waits(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&s->m), 0);
    sleep_ms(5); /* with the lock held */
    CHECK_EQ(pthread_mutex_unlock(&s->m), 0);
    CHECK_EQ(sem_wait(&s->later), 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(s != MAP_FAILED);
    pthread_mutexattr_t a;
    CHECK_EQ(pthread_mutexattr_init(&a), 0);
    CHECK_EQ(pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED), 0);
    CHECK_EQ(pthread_mutex_init(&s->m, &a), 0);
    CHECK_EQ(sem_init(&s->held, 1, 0), 0);
    CHECK_EQ(sem_init(&s->later, 1, 0), 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        SAFETY_NET();
        pthread_mutex_lock(&s->m);
        sem_post(&s->held);
        sleep_ms(200);
        pthread_mutex_unlock(&s->m);
        sleep_ms(200);
        for (int i = 0; i < 4; i++)
            sem_post(&s->later);
        _exit(0);
    }
    CHECK_EQ(sem_wait(&s->held), 0);
    ticker_start();
    beside_ticker(4, waits, NULL);
    ticker_finish();
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    return 0;
}
