/* EDEADLK for a writer that would wait for itself, in main and in threads;
 * recursive read locks count; both static initialisers work. */
#include "thread.h"

static pthread_rwlock_t plain = PTHREAD_RWLOCK_INITIALIZER,
                        writers = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;

static void *try_write(void *l)
{
    return (void *)(long)pthread_rwlock_trywrlock(l);
}

static void *thread(void *arg)
{
    pthread_rwlock_t *l = arg;
    struct timespec later = in_ms(CLOCK_REALTIME, 20000);
    CHECK_EQ(pthread_rwlock_wrlock(l), 0);
    CHECK_EQ(pthread_rwlock_wrlock(l), EDEADLK);
    CHECK_EQ(pthread_rwlock_rdlock(l), EDEADLK);
    CHECK_EQ(pthread_rwlock_timedwrlock(l, &later), EDEADLK);
    CHECK_EQ(pthread_rwlock_timedrdlock(l, &later), EDEADLK);
    CHECK_EQ(pthread_rwlock_trywrlock(l), EBUSY);
    CHECK_EQ(pthread_rwlock_tryrdlock(l), EBUSY);
    CHECK_EQ(pthread_rwlock_unlock(l), 0);

    for (int i = 0; i < 3; i++)
        CHECK_EQ(pthread_rwlock_rdlock(l), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ((long)join(spawn(try_write, l)), EBUSY);
        CHECK_EQ(pthread_rwlock_unlock(l), 0);
    }
    CHECK_EQ(pthread_rwlock_trywrlock(l), 0);
    CHECK_EQ(pthread_rwlock_unlock(l), 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_rwlockattr_t a;
    int v;
    CHECK_EQ(pthread_rwlockattr_init(&a), 0);
    CHECK_EQ(pthread_rwlockattr_getpshared(&a, &v), 0);
    CHECK_EQ(v, PTHREAD_PROCESS_PRIVATE);
    CHECK_EQ(pthread_rwlockattr_setpshared(&a, 99), EINVAL);
    CHECK_EQ(pthread_rwlockattr_setkind_np(&a, 99), EINVAL);
    CHECK_EQ(pthread_rwlockattr_destroy(&a), 0);
    OK("attributes");
    thread(&plain);
    thread(&writers);
    OK("in main");
    join(spawn(thread, &plain));
    join(spawn(thread, &writers));
    OK("in a thread");
    CHECK_EQ(pthread_rwlock_destroy(&plain), 0);
    return 0;
}
