/* Mutexes under load: threads move money between 8 accounts, two locks at a
 * time, with the timed and try forms among them; the sum stays exact.
 * Argument: rounds a thread (default 2000). */
#include "thread.h"

enum { ACCOUNTS = 8, THREADS = 24, START = 1000 };
static struct account {
    pthread_mutex_t m;
    long money;
} account[ACCOUNTS];
static long rounds = 2000;
static atomic_long moved;

static void lock(pthread_mutex_t *m, unsigned how)
{
    struct timespec late = in_ms(CLOCK_REALTIME, 20000);
    if (how % 4 == 0)
        CHECK_EQ(pthread_mutex_timedlock(m, &late), 0);
    else if (how % 4 != 1 || pthread_mutex_trylock(m) != 0)
        CHECK_EQ(pthread_mutex_lock(m), 0);
}

static void *moves(void *arg)
{
    unsigned seed = (unsigned)(long)arg;
    for (long i = 0; i < rounds; i++) {
        unsigned a = (unsigned)rand_r(&seed) % ACCOUNTS,
                 b = (a + 1 + (unsigned)rand_r(&seed) % (ACCOUNTS - 1)) % ACCOUNTS;
        struct account *first = &account[a < b ? a : b], *second = &account[a < b ? b : a];
        lock(&first->m, (unsigned)rand_r(&seed) >> 4);
        lock(&second->m, (unsigned)rand_r(&seed) >> 4);
        long was = first->money;
        if (i % 64 == 0)
            sched_yield();
        first->money = was - 1;
        second->money++;
        CHECK_EQ(pthread_mutex_unlock(&second->m), 0);
        CHECK_EQ(pthread_mutex_unlock(&first->m), 0);
        moved++;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    SAFETY_NET();
    if (argc > 1)
        rounds = atol(argv[1]);
    pthread_t t[THREADS];
    long sum = 0;
    for (int i = 0; i < ACCOUNTS; i++) {
        CHECK_EQ(pthread_mutex_init(&account[i].m, NULL), 0);
        account[i].money = START;
    }
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(moves, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    for (int i = 0; i < ACCOUNTS; i++)
        sum += account[i].money;
    OK("sum %ld after %ld moves", sum, moved);
    return 0;
}
