/* A robust, priority-inheriting mutex whose owner ends while others wait for it in the kernel: one has it with EOWNERDEAD,
 * the others after it; pthread_join of the owner comes back, and so does the end of a detached one. */
#include "thread.h"

enum { WAITERS = 4 };
static pthread_mutex_t m, plain;
static atomic_int locked, coming, died, had, detached;

static void init(pthread_mutex_t *mutex, int protocol)
{
    pthread_mutexattr_t a;
    CHECK_EQ(pthread_mutexattr_init(&a), 0);
    CHECK_EQ(pthread_mutexattr_setprotocol(&a, protocol), 0);
    CHECK_EQ(pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST), 0);
    CHECK_EQ(pthread_mutex_init(mutex, &a), 0);
}

static void *ends_with_it(void *arg)
{
    if (detached)
        CHECK_EQ(pthread_detach(pthread_self()), 0);
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    CHECK_EQ(pthread_mutex_lock(&plain), 0);
    locked = 1;
    while (coming < WAITERS)
        sleep_ms(1);
    sleep_ms(20); /* they wait */
    return arg;
}

static void *waits(void *arg)
{
    coming++;
    int e = pthread_mutex_lock(&m);
    if (e == EOWNERDEAD) {
        died++;
        CHECK_EQ(pthread_mutex_consistent(&m), 0);
        e = 0;
    }
    CHECK_EQ(e, 0);
    had++;
    sleep_ms(1);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    return arg;
}

static void once_more(void)
{
    pthread_t owner, t[WAITERS];
    locked = coming = died = had = 0;
    init(&m, PTHREAD_PRIO_INHERIT);
    init(&plain, PTHREAD_PRIO_NONE);
    owner = spawn(ends_with_it, &m);
    while (!locked)
        sleep_ms(1);
    for (int i = 0; i < WAITERS; i++)
        t[i] = spawn(waits, NULL);
    if (!detached)
        CHECK(join(owner) == &m);
    for (int i = 0; i < WAITERS; i++)
        join(t[i]);
    CHECK_EQ(pthread_mutex_lock(&plain), EOWNERDEAD);
    CHECK_EQ(pthread_mutex_unlock(&plain), 0);
}

int main(void)
{
    SAFETY_NET();
    once_more();
    OK("the owner is joined: %d was told, %d have had it", died, had);
    detached = 1;
    once_more();
    OK("the owner is detached: %d was told, %d have had it", died, had);
    for (int i = 0; i < 20; i++) {
        detached = i % 2;
        once_more();
        CHECK_EQ(died, 1);
        CHECK_EQ(had, WAITERS);
    }
    OK("twenty times more");
    return 0;
}
