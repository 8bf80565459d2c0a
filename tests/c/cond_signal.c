/* pthread_cond_signal wakes one waiter, broadcast all, and neither does
 * anything for those who come later; the waiter has the mutex again. */
#include "thread.h"

enum { THREADS = 20 };
static pthread_mutex_t m = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER, arrived_c = PTHREAD_COND_INITIALIZER;
static int tickets, arrived, woken;

static void *waits(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    arrived++;
    CHECK_EQ(pthread_cond_signal(&arrived_c), 0);
    while (tickets == 0)
        CHECK_EQ(pthread_cond_wait(&c, &m), 0);
    tickets--;
    woken++;
    CHECK_EQ(pthread_mutex_lock(&m), EDEADLK); /* it is ours again */
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    return arg;
}

static void start(pthread_t *t, int n)
{
    arrived = 0;
    for (int i = 0; i < n; i++)
        t[i] = spawn(waits, NULL);
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    while (arrived < n) /* each waits: it let the mutex go */
        CHECK_EQ(pthread_cond_wait(&arrived_c, &m), 0);
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    CHECK_EQ(pthread_cond_signal(&c), 0);
    CHECK_EQ(pthread_cond_broadcast(&c), 0);
    OK("nobody waits: nothing happens");

    start(t, THREADS);
    for (int i = 1; i <= THREADS; i++) {
        tickets++;
        CHECK_EQ(pthread_cond_signal(&c), 0);
        CHECK_EQ(pthread_mutex_unlock(&m), 0);
        while (1) { /* a signal with a ticket lets exactly one through */
            CHECK_EQ(pthread_mutex_lock(&m), 0);
            if (woken == i)
                break;
            CHECK_EQ(pthread_mutex_unlock(&m), 0);
            sched_yield();
        }
    }
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("%d signals woke %d", THREADS, woken);

    start(t, THREADS);
    tickets = THREADS;
    CHECK_EQ(pthread_cond_broadcast(&c), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("one broadcast woke the rest, %d in all", woken);

    CHECK_EQ(pthread_cond_wait(&c, &m), EPERM);
    OK("EPERM for a mutex that is not ours");
    most_parked("cond", 2 * THREADS);
    return 0;
}
