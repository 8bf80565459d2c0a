/* No wake-up is lost: two threads, and main with a thread, pass a ball by one
 * signal at a time, so a single lost one would stop them; spurious ones do no
 * harm. */
#include "thread.h"

enum { ROUNDS = 3000 };
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t side[2] = {PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER};
static int ball, hits;

static void *plays(void *arg)
{
    int me = (int)(long)arg;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&m);
        while (ball != me)
            pthread_cond_wait(&side[me], &m);
        ball = !me;
        hits++;
        if (i % 2) { /* signalled with the mutex held, and without */
            pthread_cond_signal(&side[!me]);
            pthread_mutex_unlock(&m);
        } else {
            pthread_mutex_unlock(&m);
            pthread_cond_signal(&side[!me]);
        }
    }
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pthread_t a = spawn(plays, (void *)0L), b = spawn(plays, (void *)1L);
    join(a);
    join(b);
    CHECK_EQ(hits, 2 * ROUNDS);
    OK("%d hits between threads", hits);
    must_have_parked("cond", 1);
    hits = 0;
    b = spawn(plays, (void *)1L);
    plays((void *)0L);
    join(b);
    CHECK_EQ(hits, 2 * ROUNDS);
    OK("%d hits between main and a thread", hits);
    return 0;
}
