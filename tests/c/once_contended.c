/* pthread_once runs its function once, however many come at the same time, and
 * all of them return only after it has, though it sleeps. */
#include "thread.h"

enum { THREADS = 50, ROUNDS = 20 };
static pthread_once_t once;
static atomic_int runs, done;
static pthread_barrier_t start;

static void slow(void)
{
    runs++;
    sleep_ms(5);
    done = 1;
}

static void fast(void)
{
    runs++;
    done = 1;
}

static void *comes(void *arg)
{
    pthread_barrier_wait(&start);
    CHECK_EQ(pthread_once(&once, arg ? slow : fast), 0);
    CHECK_EQ(done, 1);
    CHECK_EQ(pthread_once(&once, slow), 0); /* nothing any more */
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    pthread_barrier_init(&start, NULL, THREADS + 1);
    for (int round = 0; round < ROUNDS; round++) {
        void *kind = round % 2 ? &once : NULL;
        once = (pthread_once_t)PTHREAD_ONCE_INIT;
        runs = done = 0;
        for (int i = 0; i < THREADS; i++)
            t[i] = spawn(comes, kind);
        comes(kind);
        for (int i = 0; i < THREADS; i++)
            join(t[i]);
        CHECK_EQ(runs, 1);
    }
    OK("%d rounds of %d, one run each", ROUNDS, THREADS + 1);
    return 0;
}
