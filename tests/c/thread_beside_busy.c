/* alone */
/* A thread that another one makes runnable need not wait until that one has
 * done computing: where a CPU is idle it runs there, as a rule at once. */
#include "thread.h"
#include <semaphore.h>

enum { ROUNDS = 100, COMPUTE_NS = 4000000, AT_ONCE_NS = 1500000 };
static sem_t go;
static _Atomic int64_t posted;
static int64_t latency[ROUNDS];

static void *waits(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        while (sem_wait(&go) == -1)
            CHECK_EQ(errno, EINTR);
        latency[i] = now_ns() - posted;
    }
    return arg;
}

static void *computes(void *arg)
{
    for (int i = 0; i < ROUNDS; i++, sleep_ms(2)) {
        posted = now_ns();
        CHECK_EQ(sem_post(&go), 0);
        for (int64_t end = now_ns() + COMPUTE_NS; now_ns() < end;)
            ;
    }
    return arg;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    SAFETY_NET();
    CHECK_EQ(sem_init(&go, 0, 0), 0);
    pthread_t w = spawn(waits, NULL), c = spawn(computes, NULL);
    join(c);
    join(w);
    qsort(latency, ROUNDS, sizeof *latency, ascending);
    fprintf(stderr, "median %lld us\n", (long long)latency[ROUNDS / 2] / 1000);
    int one_worker = preloaded() && iopatch_counter("workers") == 1;
    if (!one_worker && sysconf(_SC_NPROCESSORS_ONLN) > 1)
        CHECK(latency[ROUNDS / 2] < AT_ONCE_NS);
    OK("%d wakes", ROUNDS);
    most_parked("sem", ROUNDS);
    return 0;
}
