/* A robust mutex whose owner ends without unlocking goes to the next with
 * EOWNERDEAD, also to one who waited; made consistent it is as new, else it is
 * ENOTRECOVERABLE for everybody. */
#include "thread.h"

static pthread_mutex_t m, second;
static atomic_int eownerdead, enotrecoverable, plain;

static void init(pthread_mutex_t *mutex, int type)
{
    pthread_mutexattr_t a;
    int robust;
    CHECK_EQ(pthread_mutexattr_init(&a), 0);
    CHECK_EQ(pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST), 0);
    CHECK_EQ(pthread_mutexattr_getrobust(&a, &robust), 0);
    CHECK_EQ(robust, PTHREAD_MUTEX_ROBUST);
    CHECK_EQ(pthread_mutexattr_settype(&a, type), 0);
    CHECK_EQ(pthread_mutex_init(mutex, &a), 0);
}

static void *dies_with_it(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&second), 0);
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    if (arg) /* until the others wait */
        sleep_ms(100); /* the waits of robust mutexes are libc's: no counter tells */
    pthread_exit(NULL);
}

static void *waits(void *repair)
{
    int r = pthread_mutex_lock(&m);
    if (r == EOWNERDEAD) {
        eownerdead++;
        if (repair)
            CHECK_EQ(pthread_mutex_consistent(&m), 0);
        CHECK_EQ(pthread_mutex_unlock(&m), 0);
    } else if (r == ENOTRECOVERABLE) {
        enotrecoverable++;
    } else {
        CHECK_EQ(r, 0);
        plain++;
        CHECK_EQ(pthread_mutex_unlock(&m), 0);
    }
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    init(&m, PTHREAD_MUTEX_NORMAL);
    init(&second, PTHREAD_MUTEX_RECURSIVE);
    join(spawn(dies_with_it, NULL));
    CHECK_EQ(pthread_mutex_lock(&m), EOWNERDEAD);
    CHECK_EQ(pthread_mutex_trylock(&second), EOWNERDEAD);
    CHECK_EQ(pthread_mutex_consistent(&m), 0);
    CHECK_EQ(pthread_mutex_consistent(&m), EINVAL);
    CHECK_EQ(pthread_mutex_consistent(&second), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    CHECK_EQ(pthread_mutex_unlock(&second), 0);
    OK("EOWNERDEAD for both mutexes of one that ended");

    pthread_t dying = spawn(dies_with_it, &m), t[3];
    while (pthread_mutex_trylock(&m) == 0) { /* until it has the mutex */
        CHECK_EQ(pthread_mutex_unlock(&m), 0);
        sched_yield();
    }
    for (int i = 0; i < 3; i++)
        t[i] = spawn(waits, &m);
    for (int i = 0; i < 3; i++)
        join(t[i]);
    join(dying);
    OK("of 3 that waited: EOWNERDEAD %d, plain %d", eownerdead, plain);

    CHECK_EQ(pthread_mutex_trylock(&second), EOWNERDEAD);
    CHECK_EQ(pthread_mutex_unlock(&second), 0); /* not made consistent */
    CHECK_EQ(pthread_mutex_lock(&second), ENOTRECOVERABLE);
    CHECK_EQ(pthread_mutex_trylock(&second), ENOTRECOVERABLE);
    CHECK_EQ(pthread_mutex_destroy(&second), 0);
    OK("ENOTRECOVERABLE if nobody repairs it");

    init(&second, PTHREAD_MUTEX_ERRORCHECK);
    join(spawn(dies_with_it, NULL));
    for (int i = 0; i < 3; i++)
        t[i] = spawn(waits, NULL);
    for (int i = 0; i < 3; i++)
        join(t[i]);
    OK("then EOWNERDEAD %d, ENOTRECOVERABLE %d", eownerdead, enotrecoverable);
    return 0;
}
