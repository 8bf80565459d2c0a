/* alone */ /* time: 60 */
/* On a busy machine threads that wait and compute in turns do not come to have
 * ever more OS threads; nor do those stay when the turns are over. */
#include "os_threads.h"
#include "thread.h"
#include <semaphore.h>

enum { THREADS = 4, ROUNDS = 200, BURN_NS = 1500000, FEW = 12 };
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
    int most = 0;
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
        int n = os_threads();
        most = n > most ? n : most;
    }
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    int workers = preloaded() ? (int)iopatch_counter("workers") : 0;
    CHECK(most <= THREADS + 10 * workers + FEW);
    for (int64_t end = now_ms() + 12000; now_ms() < end; sleep_ms(50))
        if (os_threads() <= workers + FEW)
            break;
    CHECK(os_threads() <= workers + FEW);
    OK("%d rounds of %d threads", ROUNDS, THREADS);
    most_parked("sem", THREADS * ROUNDS);
    return 0;
}
