/* Readers share a rwlock, a writer is alone, and nobody starves: two numbers
 * that writers change one after the other are equal for every reader. */
#include "thread.h"

enum { READERS = 12, WRITERS = 4, ROUNDS = 100 };
static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
static long a, b;
static atomic_int readers_in, writers_in, most_readers;

static void pause_sometimes(int i)
{
    if (i % 20 == 0)
        sleep_ms(1);
    else if (i % 3 == 0)
        sched_yield();
}

static void *reads(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(pthread_rwlock_rdlock(&l), 0);
        int in = ++readers_in;
        CHECK_EQ(writers_in, 0);
        if (in > most_readers)
            most_readers = in;
        long was = a;
        pause_sometimes(i);
        CHECK_EQ(b, was);
        readers_in--;
        CHECK_EQ(pthread_rwlock_unlock(&l), 0);
    }
    return arg;
}

static void *writes(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(pthread_rwlock_wrlock(&l), 0);
        CHECK_EQ(++writers_in, 1);
        CHECK_EQ(readers_in, 0);
        a++;
        pause_sometimes(i);
        b++;
        writers_in--;
        CHECK_EQ(pthread_rwlock_unlock(&l), 0);
        sched_yield();
    }
    return arg;
}

static void *waits_inside(void *arg)
{
    CHECK_EQ(pthread_rwlock_rdlock(&l), 0);
    pthread_barrier_wait(arg);
    CHECK_EQ(pthread_rwlock_unlock(&l), 0);
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pthread_t r[READERS], w[WRITERS];
    pthread_barrier_t inside;
    pthread_barrier_init(&inside, NULL, READERS);
    for (int i = 0; i < READERS; i++)
        r[i] = spawn(waits_inside, &inside);
    for (int i = 0; i < READERS; i++)
        join(r[i]);
    OK("%d readers at the same time", READERS);

    CHECK_EQ(pthread_rwlock_wrlock(&l), 0);
    for (int i = 0; i < READERS; i++)
        r[i] = spawn(reads, NULL);
    for (int i = 0; i < WRITERS; i++)
        w[i] = spawn(writes, NULL);
    until_parked("rwlock", READERS + WRITERS);
    CHECK_EQ(a + readers_in, 0);
    CHECK_EQ(pthread_rwlock_unlock(&l), 0);
    for (int i = 0; i < READERS; i++)
        join(r[i]);
    for (int i = 0; i < WRITERS; i++)
        join(w[i]);
    OK("a %ld, b %ld", a, b);
    return 0;
}
