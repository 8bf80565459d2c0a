/* A condition variable may be destroyed, and its memory reused, as soon as its
 * waiters have been woken by a broadcast: destroy waits until they are out. */
#include "thread.h"

enum { ROUNDS = 200, WAITERS = 6 };

struct gate {
    pthread_mutex_t *m;
    pthread_cond_t c;
    int open, waiting;
};

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;

static void *waits(void *arg)
{
    struct gate *g = arg;
    pthread_mutex_lock(&m);
    if (++g->waiting == WAITERS)
        pthread_cond_signal(&arrived);
    /* Once: a waiter that looked at the gate again might find it freed. */
    CHECK_EQ(pthread_cond_wait(&g->c, &m), 0);
    pthread_mutex_unlock(&m);
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    for (int r = 0; r < ROUNDS; r++) {
        struct gate *g = calloc(1, sizeof *g);
        pthread_t t[WAITERS];
        CHECK_EQ(pthread_cond_init(&g->c, NULL), 0);
        for (int i = 0; i < WAITERS; i++)
            t[i] = spawn(waits, g);
        pthread_mutex_lock(&m);
        while (g->waiting < WAITERS)
            pthread_cond_wait(&arrived, &m);
        CHECK_EQ(pthread_cond_broadcast(&g->c), 0);
        pthread_mutex_unlock(&m);
        CHECK_EQ(pthread_cond_destroy(&g->c), 0);
        memset(g, 0xee, sizeof *g);
        free(g);
        for (int i = 0; i < WAITERS; i++)
            join(t[i]);
    }
    OK("%d destroyed right after their broadcast", ROUNDS);
    must_have_parked("cond", ROUNDS);
    return 0;
}
