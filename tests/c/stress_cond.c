/* Condition variables under load: items pass through a chain of 4 bounded
 * queues, each served by 6 threads, by signals, broadcasts and timed waits;
 * none is lost, none comes twice. Argument: items (default 5000). */
#include "thread.h"

enum { STAGES = 4, SERVERS = 6, ROOM = 5 };
static struct queue {
    pthread_mutex_t m;
    pthread_cond_t not_full, not_empty;
    long item[ROOM];
    int head, used;
} queue[STAGES];
static long items = 5000;

static void put(struct queue *q, long item)
{
    pthread_mutex_lock(&q->m);
    while (q->used == ROOM)
        pthread_cond_wait(&q->not_full, &q->m);
    q->item[(q->head + q->used++) % ROOM] = item;
    pthread_mutex_unlock(&q->m);
    pthread_cond_signal(&q->not_empty);
}

static long take(struct queue *q)
{
    pthread_mutex_lock(&q->m);
    while (q->used == 0) { /* now and then a wait that times out */
        struct timespec soon = in_ms(CLOCK_REALTIME, 2);
        pthread_cond_timedwait(&q->not_empty, &q->m, &soon);
    }
    long item = q->item[q->head];
    q->head = (q->head + 1) % ROOM;
    if (q->used-- == ROOM)
        pthread_cond_broadcast(&q->not_full);
    else
        pthread_cond_signal(&q->not_full);
    pthread_mutex_unlock(&q->m);
    return item;
}

/* Passes items on to the next stage until it gets a 0. */
static void *serves(void *arg)
{
    struct queue *q = arg;
    long item;
    while ((item = take(q)) != 0)
        put(q + 1, item);
    return NULL;
}

int main(int argc, char **argv)
{
    SAFETY_NET();
    if (argc > 1)
        items = atol(argv[1]);
    pthread_t t[STAGES - 1][SERVERS];
    char *seen = calloc((size_t)items + 1, 1);
    long sent = 0, back = 0;
    for (int q = 0; q < STAGES; q++) {
        CHECK_EQ(pthread_mutex_init(&queue[q].m, NULL), 0);
        CHECK_EQ(pthread_cond_init(&queue[q].not_full, NULL), 0);
        CHECK_EQ(pthread_cond_init(&queue[q].not_empty, NULL), 0);
    }
    for (int q = 0; q < STAGES - 1; q++)
        for (int i = 0; i < SERVERS; i++)
            t[q][i] = spawn(serves, &queue[q]);
    while (back < items) {
        for (; sent < items && sent - back < STAGES * ROOM; sent++)
            put(&queue[0], sent + 1);
        long item = take(&queue[STAGES - 1]);
        CHECK(item >= 1 && item <= items);
        CHECK_EQ(seen[item]++, 0);
        back++;
    }
    for (int q = 0; q < STAGES - 1; q++)
        for (int i = 0; i < SERVERS; i++)
            put(&queue[q], 0);
    for (int q = 0; q < STAGES - 1; q++)
        for (int i = 0; i < SERVERS; i++)
            join(t[q][i]);
    OK("%ld items through, each once", back);
    return 0;
}
