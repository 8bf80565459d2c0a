/* Mutual exclusion: a counter that is read, and written only after the thread
 * has yielded, slept or computed, comes out exact; main takes part. */
#include "thread.h"

enum { THREADS = 30, ROUNDS = 200 };
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static long count, inside;

static void *adds(void *arg)
{
    long me = (long)arg;
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(pthread_mutex_lock(&m), 0);
        CHECK_EQ(inside++, 0);
        long was = count;
        if (i % 100 == 99)
            sleep_ms(1);
        else if (i % 10 == 0)
            sched_yield();
        count = was + me;
        CHECK_EQ(--inside, 0);
        CHECK_EQ(pthread_mutex_unlock(&m), 0);
        if (i % 7 == 0)
            sched_yield();
    }
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(adds, (void *)(i + 1));
    until_parked("mutex", THREADS);
    CHECK_EQ(count, 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    adds((void *)1000L);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("count %ld", count);
    return 0;
}
