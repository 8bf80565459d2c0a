/* A bounded queue: 10 producers, 10 consumers, a buffer of 4; every item
 * arrives once, and a consumer gets each producer's items in order. */
#include "thread.h"

enum { SIDES = 10, ITEMS = 500, ROOM = 4 };
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER,
                      not_empty = PTHREAD_COND_INITIALIZER;
static int buffer[ROOM], head, used, taken;
static unsigned char seen[SIDES * ITEMS];

static void *produces(void *arg)
{
    int me = (int)(long)arg;
    for (int i = 0; i < ITEMS; i++) {
        pthread_mutex_lock(&m);
        while (used == ROOM)
            pthread_cond_wait(&not_full, &m);
        buffer[(head + used++) % ROOM] = me * ITEMS + i;
        pthread_cond_signal(&not_empty);
        pthread_mutex_unlock(&m);
    }
    return NULL;
}

static void *consumes(void *arg)
{
    int last[SIDES];
    memset(last, -1, sizeof last);
    for (;;) {
        pthread_mutex_lock(&m);
        while (used == 0 && taken < SIDES * ITEMS)
            pthread_cond_wait(&not_empty, &m);
        if (used == 0) {
            pthread_mutex_unlock(&m);
            return arg;
        }
        int item = buffer[head];
        head = (head + 1) % ROOM;
        used--;
        if (++taken == SIDES * ITEMS)
            pthread_cond_broadcast(&not_empty);
        pthread_cond_signal(&not_full);
        pthread_mutex_unlock(&m);
        CHECK_EQ(seen[item]++, 0);
        CHECK(item % ITEMS > last[item / ITEMS]);
        last[item / ITEMS] = item % ITEMS;
        if (item % 50 == 0)
            sched_yield();
    }
}

int main(void)
{
    SAFETY_NET();
    pthread_t p[SIDES], c[SIDES];
    for (long i = 0; i < SIDES; i++) {
        c[i] = spawn(consumes, NULL);
        p[i] = spawn(produces, (void *)i);
    }
    for (int i = 0; i < SIDES; i++)
        join(p[i]);
    for (int i = 0; i < SIDES; i++)
        join(c[i]);
    for (int i = 0; i < SIDES * ITEMS; i++)
        CHECK_EQ(seen[i], 1);
    OK("%d items, each once, in order", taken);
    return 0;
}
