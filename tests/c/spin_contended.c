/* Spin locks exclude, also with many more threads than CPUs and an owner that
 * sleeps with the lock held; trylock of a held one is EBUSY. */
#include "thread.h"

enum { THREADS = 40, ROUNDS = 100 };
static pthread_spinlock_t l;
static long count;

static void *adds(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(pthread_spin_lock(&l), 0);
        count++;
        CHECK_EQ(pthread_spin_unlock(&l), 0);
        if (i % 10 == 0)
            sched_yield();
    }
    return arg;
}

static void *holds(void *arg)
{
    CHECK_EQ(pthread_spin_lock(&l), 0);
    pthread_barrier_wait(arg);
    sleep_ms(20); /* meanwhile the others burn every CPU */
    CHECK_EQ(count, 0);
    CHECK_EQ(pthread_spin_unlock(&l), 0);
    return NULL;
}

static void *is_refused(void *arg)
{
    CHECK_EQ(pthread_spin_trylock(&l), EBUSY);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    pthread_barrier_t locked;
    pthread_barrier_init(&locked, NULL, 2);
    CHECK_EQ(pthread_spin_init(&l, PTHREAD_PROCESS_PRIVATE), 0);
    CHECK_EQ(pthread_spin_trylock(&l), 0);
    join(spawn(is_refused, NULL));
    CHECK_EQ(pthread_spin_trylock(&l), EBUSY);
    CHECK_EQ(pthread_spin_unlock(&l), 0);
    OK("EBUSY");

    pthread_t holder = spawn(holds, &locked);
    pthread_barrier_wait(&locked);
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(adds, NULL);
    adds(NULL);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    join(holder);
    OK("count %ld", count);
    CHECK_EQ(pthread_spin_destroy(&l), 0);
    most_parked("time", 1);
    return 0;
}
