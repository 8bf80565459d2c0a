/* The static initialisers of every kind of mutex work at once, under threads,
 * and all-zero memory is a normal mutex. */
#include "thread.h"

enum { THREADS = 8, ROUNDS = 500 };
static pthread_mutex_t
    zero,
    normal = PTHREAD_MUTEX_INITIALIZER,
    recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP,
    errorcheck = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP,
    adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
static long count;

static void *adds(void *arg)
{
    pthread_mutex_t *m = arg;
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(pthread_mutex_lock(m), 0);
        long was = count;
        if (i % 50 == 0)
            sched_yield();
        count = was + 1;
        CHECK_EQ(pthread_mutex_unlock(m), 0);
    }
    return NULL;
}

static void contend(const char *name, pthread_mutex_t *m)
{
    pthread_t t[THREADS];
    count = 0;
    CHECK_EQ(pthread_mutex_lock(m), 0);
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(adds, m);
    sched_yield();
    CHECK_EQ(count, 0);
    CHECK_EQ(pthread_mutex_unlock(m), 0);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("%s: %ld", name, count);
}

int main(void)
{
    SAFETY_NET();
    contend("zeroed", &zero);
    contend("normal", &normal);
    contend("recursive", &recursive);
    contend("errorcheck", &errorcheck);
    contend("adaptive", &adaptive);
    CHECK_EQ(pthread_mutex_lock(&recursive), 0);
    CHECK_EQ(pthread_mutex_lock(&recursive), 0);
    CHECK_EQ(pthread_mutex_lock(&errorcheck), 0);
    CHECK_EQ(pthread_mutex_lock(&errorcheck), EDEADLK);
    OK("they are of their kind");
    return 0;
}
