/* The values of 100 keys (more than libc keeps inside a thread's descriptor)
 * are each thread's own, across parks; a new thread starts with none, though
 * it may have the memory of one that ended. */
#include "thread.h"

enum { KEYS = 100, THREADS = 50, LIVES = 3 };
static pthread_key_t key[KEYS];
static atomic_int destroyed;

static void destructor(void *value)
{
    CHECK(value != NULL);
    destroyed++;
}

static void *thread(void *arg)
{
    long me = (long)arg;
    for (int k = 0; k < KEYS; k++)
        CHECK(pthread_getspecific(key[k]) == NULL);
    for (int k = 0; k < KEYS; k++) {
        CHECK_EQ(pthread_setspecific(key[k], (void *)(me * KEYS + k + 1)), 0);
        if (k % 20 == 0)
            sched_yield();
    }
    for (int round = 0; round < 3; round++) {
        sleep_ms(1);
        for (int k = 0; k < KEYS; k++)
            CHECK_EQ((long)pthread_getspecific(key[k]), me * KEYS + k + 1);
    }
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    for (int k = 0; k < KEYS; k++)
        CHECK_EQ(pthread_key_create(&key[k], destructor), 0);
    for (int life = 0; life < LIVES; life++) {
        for (long i = 0; i < THREADS; i++)
            t[i] = spawn(thread, (void *)i);
        for (int i = 0; i < THREADS; i++)
            join(t[i]);
    }
    OK("%d values in %d threads", KEYS, LIVES * THREADS);
    CHECK_EQ(destroyed, KEYS * THREADS * LIVES);
    OK("each destroyed once");
    most_parked("time", 3 * THREADS * LIVES);
    return 0;
}
