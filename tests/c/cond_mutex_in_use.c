/* Who waits on a condition variable still uses the mutex: pthread_mutex_destroy says EBUSY, of mutexes of libc's own kinds
 * as of the plain ones, until the wait is over. */
#include "thread.h"

static pthread_mutex_t m;
static pthread_cond_t c;
static int ready, waiting;

static void *waits(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    waiting = 1;
    while (!ready)
        CHECK_EQ(pthread_cond_wait(&c, &m), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    return arg;
}

static void try_kind(const char *name, int type, int protocol, int shared)
{
    pthread_mutexattr_t a;
    CHECK_EQ(pthread_mutexattr_init(&a), 0);
    CHECK_EQ(pthread_mutexattr_settype(&a, type), 0);
    CHECK_EQ(pthread_mutexattr_setprotocol(&a, protocol), 0);
    CHECK_EQ(pthread_mutexattr_setpshared(&a, shared), 0);
    CHECK_EQ(pthread_mutex_init(&m, &a), 0);
    CHECK_EQ(pthread_cond_init(&c, NULL), 0);
    ready = waiting = 0;
    pthread_t t = spawn(waits, NULL);
    for (int w = 0; !w; sched_yield()) {
        CHECK_EQ(pthread_mutex_lock(&m), 0);
        w = waiting;
        CHECK_EQ(pthread_mutex_unlock(&m), 0);
    }
    CHECK_EQ(pthread_mutex_destroy(&m), EBUSY);
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    ready = 1;
    CHECK_EQ(pthread_cond_signal(&c), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    join(t);
    CHECK_EQ(pthread_mutex_destroy(&m), 0);
    OK("%s", name);
}

int main(void)
{
    SAFETY_NET();
    const int private = PTHREAD_PROCESS_PRIVATE, shared = PTHREAD_PROCESS_SHARED;
    try_kind("normal", PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, private);
    try_kind("recursive", PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, private);
    try_kind("inheriting", PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_INHERIT, private);
    try_kind("inheriting, recursive", PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_INHERIT, private);
    try_kind("inheriting, error-checking", PTHREAD_MUTEX_ERRORCHECK, PTHREAD_PRIO_INHERIT, private);
    try_kind("shared", PTHREAD_MUTEX_NORMAL, PTHREAD_PRIO_NONE, shared);
    try_kind("shared, recursive", PTHREAD_MUTEX_RECURSIVE, PTHREAD_PRIO_NONE, shared);
    most_parked("cond", 2); /* the others keep their OS threads */
    return 0;
}
