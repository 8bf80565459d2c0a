/* Semaphores under load: 40 threads share 5 tokens and pass a mark round a
 * ring of 40 semaphores; both totals come out exact. Argument: rounds (default
 * 200). */
#include "thread.h"
#include <semaphore.h>

enum { THREADS = 40, TOKENS = 5 };
static sem_t tokens, ring[THREADS];
static long rounds = 200, mark;
static atomic_int inside, entries;

static void *runs(void *arg)
{
    long me = (long)arg;
    for (long i = 0; i < rounds; i++) {
        if ((i + me) % 3 == 0) {
            struct timespec late = in_ms(CLOCK_REALTIME, 20000);
            CHECK_EQ(sem_timedwait(&tokens, &late), 0);
        } else if ((i + me) % 3 == 1 || sem_trywait(&tokens) != 0) {
            CHECK_EQ(sem_wait(&tokens), 0);
        }
        CHECK(++inside <= TOKENS);
        entries++;
        if (i % 8 == 0)
            sched_yield();
        inside--;
        CHECK_EQ(sem_post(&tokens), 0);

        CHECK_EQ(sem_wait(&ring[me]), 0);
        CHECK_EQ(mark++, i * THREADS + me); /* only who has the mark touches it */
        CHECK_EQ(sem_post(&ring[(me + 1) % THREADS]), 0);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    SAFETY_NET();
    if (argc > 1)
        rounds = atol(argv[1]);
    pthread_t t[THREADS];
    int left;
    CHECK_EQ(sem_init(&tokens, 0, TOKENS), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(sem_init(&ring[i], 0, i == 0), 0);
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(runs, (void *)i);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    CHECK_EQ(sem_getvalue(&tokens, &left), 0);
    OK("%d entries, %d tokens, %ld passes", entries, left, mark);
    return 0;
}
