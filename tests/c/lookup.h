/* One semaphore, mutex, condition and thread used by two sets of functions: the
 * program's, and those found some other way. Each wakes who waits by the other. */
#ifndef LOOKUP_H
#define LOOKUP_H

#include "thread.h"
#include <dlfcn.h>
#include <semaphore.h>

struct functions {
    int (*wait)(sem_t *);
    int (*post)(sem_t *);
    int (*lock)(pthread_mutex_t *);
    int (*unlock)(pthread_mutex_t *);
    int (*cond_wait)(pthread_cond_t *, pthread_mutex_t *);
    int (*signal)(pthread_cond_t *);
    int (*join)(pthread_t, void **);
};

static const struct functions program = {
    sem_wait, sem_post, pthread_mutex_lock, pthread_mutex_unlock,
    pthread_cond_wait, pthread_cond_signal, pthread_join,
};

static struct {
    sem_t sem;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    int signalled;
} shared = {.mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};

static void *waiter(void *arg)
{
    const struct functions *by = arg;
    CHECK_EQ(by->wait(&shared.sem), 0);
    CHECK_EQ(by->lock(&shared.mutex), 0);
    while (!shared.signalled)
        CHECK_EQ(by->cond_wait(&shared.cond, &shared.mutex), 0);
    CHECK_EQ(by->unlock(&shared.mutex), 0);
    return arg;
}

/* One set waits, for each in turn; the other ends the waits. */
static void between(const struct functions *waits, const struct functions *wakes)
{
    void *result;
    CHECK_EQ(sem_init(&shared.sem, 0, 0), 0);
    shared.signalled = 0;
    pthread_t t = spawn(waiter, (void *)waits);
    sleep_ms(20);
    CHECK_EQ(wakes->lock(&shared.mutex), 0);
    CHECK_EQ(wakes->post(&shared.sem), 0);
    sleep_ms(20);
    CHECK_EQ(wakes->unlock(&shared.mutex), 0);
    sleep_ms(20);
    CHECK_EQ(wakes->lock(&shared.mutex), 0);
    shared.signalled = 1;
    CHECK_EQ(wakes->signal(&shared.cond), 0);
    CHECK_EQ(wakes->unlock(&shared.mutex), 0);
    CHECK_EQ(wakes->join(t, &result), 0);
    CHECK(result == waits);
}

static void both_ways(const struct functions *others)
{
    between(&program, others);
    between(others, &program);
    between(others, others);
    most_parked("sem", 3);
    most_parked("cond", 3);
}

#endif
