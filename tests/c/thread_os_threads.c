/* alone */
/* On a busy machine threads that wait and compute in turns do not make ever
 * more OS threads: a few more than there are of them, and of workers. */
#include "thread.h"
#include <semaphore.h>

enum { THREADS = 4, ROUNDS = 200, BURN_NS = 1500000 };
static sem_t go[THREADS];
static atomic_int busy;

static void *thread(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        while (sem_wait(arg) == -1)
            CHECK_EQ(errno, EINTR);
        for (int64_t end = now_ns() + BURN_NS; now_ns() < end;)
            ;
        busy--;
    }
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK_EQ(sem_init(&go[i], 0, 0), 0);
        t[i] = spawn(thread, &go[i]);
    }
    for (int i = 0; i < ROUNDS; i++, sleep_ms(1)) {
        busy = THREADS;
        for (int j = 0; j < THREADS; j++)
            CHECK_EQ(sem_post(&go[j]), 0);
        while (busy) /* which keeps a CPU busy as well */
            ;
    }
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    if (preloaded())
        CHECK(iopatch_counter("os_threads") <=
              THREADS + 6 * iopatch_counter("workers") + 4);
    OK("%d rounds of %d threads", ROUNDS, THREADS);
    most_parked("sem", THREADS * ROUNDS);
    return 0;
}
