/* Read-write locks that a constructor has used before the library's own constructor ran are as good as new; so are mutexes,
 * condition variables, semaphores and pthread_once. */
#include "thread.h"
#include <semaphore.h>

static pthread_rwlock_t written = PTHREAD_RWLOCK_INITIALIZER, read_only = PTHREAD_RWLOCK_INITIALIZER, timed;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t sem;
static int ran;

static void run(void)
{
    ran++;
}

static void early(void)
{
    struct timespec past = {0, 0};
    pthread_rwlock_wrlock(&written);
    pthread_rwlock_unlock(&written);
    pthread_rwlock_rdlock(&read_only);
    pthread_rwlock_unlock(&read_only);
    pthread_rwlock_init(&timed, NULL);
    pthread_rwlock_wrlock(&timed);
    pthread_rwlock_timedrdlock(&timed, &past);
    pthread_rwlock_unlock(&timed);
    pthread_mutex_lock(&mutex);
    pthread_cond_timedwait(&cond, &mutex, &past);
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&mutex);
    pthread_once(&once, run);
    sem_init(&sem, 0, 1);
    sem_wait(&sem);
    sem_timedwait(&sem, &past);
    sem_post(&sem);
}

/* Before the constructors of all libraries. */
__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = early;

static void *uses(void *arg)
{
    pthread_rwlock_t *locks[] = {&written, &read_only, &timed};
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pthread_rwlock_rdlock(locks[i]), 0);
        CHECK_EQ(pthread_rwlock_tryrdlock(locks[i]), 0);
        CHECK_EQ(pthread_rwlock_trywrlock(locks[i]), EBUSY);
        CHECK_EQ(pthread_rwlock_unlock(locks[i]), 0);
        CHECK_EQ(pthread_rwlock_unlock(locks[i]), 0);
        CHECK_EQ(pthread_rwlock_wrlock(locks[i]), 0);
        CHECK_EQ(pthread_rwlock_tryrdlock(locks[i]), EBUSY);
        CHECK_EQ(pthread_rwlock_unlock(locks[i]), 0);
    }
    struct timespec soon = in_ms(CLOCK_REALTIME, 5);
    CHECK_EQ(pthread_mutex_lock(&mutex), 0);
    CHECK_EQ(pthread_cond_timedwait(&cond, &mutex, &soon), ETIMEDOUT);
    CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
    CHECK_EQ(pthread_once(&once, run), 0);
    CHECK_EQ(ran, 1);
    CHECK_EQ(sem_wait(&sem), 0);
    CHECK_ERRNO(sem_trywait(&sem), EAGAIN);
    CHECK_EQ(sem_post(&sem), 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    uses(NULL);
    OK("in main");
    for (int i = 0; i < 10; i++)
        join(spawn(uses, NULL));
    OK("in threads");
    return 0;
}
