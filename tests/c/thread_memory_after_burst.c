/* What threads have touched of their stacks is the kernel's again when they have
 * ended, but for a few stacks that are kept for the next ones: after 100 deep
 * threads, and after 3,000 at a time, joined or detached, by turns. */
#include "thread.h"
#include <alloca.h>
#include <semaphore.h>

enum { DEEP = 100, DEPTH = 1 << 20, MANY = 3000, MOST_KB = 32 << 10 };
static pthread_barrier_t all;
static sem_t ended;

static void *nothing(void *arg)
{
    return arg;
}

static void *deep(void *arg)
{
    char *block = memset(alloca(DEPTH), 1, DEPTH);
    pthread_barrier_wait(&all);
    return block[DEPTH / 2] ? arg : NULL;
}

static void *waits(void *arg)
{
    char block[10000];
    memset(block, 1, sizeof block);
    pthread_barrier_wait(&all);
    if (arg)
        sem_post(&ended);
    return block[500] ? arg : NULL;
}

static void burst(void *(*start)(void *), int n, int detached)
{
    static pthread_t t[MANY];
    pthread_barrier_init(&all, NULL, (unsigned)n + 1);
    for (int i = 0; i < n; i++) {
        t[i] = spawn(start, detached ? &ended : NULL);
        if (detached)
            pthread_detach(t[i]);
    }
    pthread_barrier_wait(&all);
    for (int i = 0; i < n; i++) {
        if (detached)
            CHECK_EQ(sem_wait(&ended), 0);
        else
            join(t[i]);
    }
    pthread_barrier_destroy(&all);
}

int main(void)
{
    SAFETY_NET();
    sem_init(&ended, 0, 0);
    join(spawn(nothing, NULL));
    long before = status_kb("VmRSS");
    for (int i = 0; i < 3; i++) {
        burst(deep, DEEP, 0);
        burst(waits, MANY, 0);
        burst(waits, MANY, 1);
    }
    sleep_ms(50); /* the last of the detached ones leave */
    long grown = status_kb("VmRSS") - before;
    dprintf(2, "grown by %ld KiB\n", grown);
    CHECK(grown < MOST_KB);
    OK("memory is given back");
    return 0;
}
