/* The errors of pthread_join: EDEADLK for oneself, EINVAL for a detached
 * thread, whoever detached it; neither keeps anybody from ending.
 *
 * Not here: a second joiner and two that join each other. glibc 2.36 means to
 * refuse both and, by a slip in its compare-and-swap, lets them wait. */
#include "thread.h"
#include <semaphore.h>

static sem_t release, done;

static void *self_join(void *arg)
{
    struct timespec later = in_ms(CLOCK_REALTIME, 20000);
    CHECK_EQ(pthread_join(pthread_self(), NULL), EDEADLK);
    CHECK_EQ(pthread_timedjoin_np(pthread_self(), NULL, &later), EDEADLK);
    return arg;
}

static void *waits(void *arg)
{
    CHECK_EQ(sem_wait(&release), 0);
    CHECK_EQ(sem_post(&done), 0);
    return arg;
}

static void not_joinable(pthread_t t)
{
    struct timespec later = in_ms(CLOCK_REALTIME, 20000);
    CHECK_EQ(pthread_join(t, NULL), EINVAL);
    CHECK_EQ(pthread_detach(t), EINVAL);
    CHECK_EQ(pthread_timedjoin_np(t, NULL, &later), EINVAL);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(sem_post(&release), 0);
    CHECK_EQ(sem_wait(&done), 0);
}

static void *detaches_itself(void *arg)
{
    CHECK_EQ(pthread_detach(pthread_self()), 0);
    CHECK_EQ(pthread_join(pthread_self(), NULL), EINVAL);
    CHECK_EQ(sem_post(&done), 0);
    return waits(arg);
}

int main(void)
{
    SAFETY_NET();
    sem_init(&release, 0, 0);
    sem_init(&done, 0, 0);
    CHECK_EQ(pthread_join(pthread_self(), NULL), EDEADLK);
    CHECK(join(spawn(self_join, &done)) == &done);
    OK("EDEADLK for oneself");

    pthread_t t = spawn(waits, NULL);
    CHECK_EQ(pthread_detach(t), 0);
    not_joinable(t);
    OK("EINVAL for a thread that was detached");

    pthread_attr_t a;
    CHECK_EQ(pthread_attr_init(&a), 0);
    CHECK_EQ(pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED), 0);
    CHECK_EQ(pthread_create(&t, &a, waits, NULL), 0);
    not_joinable(t);
    OK("EINVAL for one made so");

    t = spawn(detaches_itself, NULL);
    CHECK_EQ(sem_wait(&done), 0);
    not_joinable(t);
    OK("EINVAL for one that detached itself");
    return 0;
}
