/* Threads are made, detached, joined and ended by many threads at once, with
 * keys and thread-local data; every one of them runs exactly once. Argument:
 * threads a maker (default 300). */
#include "thread.h"

enum { MAKERS = 8 };
static long each = 300;
static atomic_long ran, destroyed, wrong;
static pthread_key_t key;
static __thread long mine;

static void destructor(void *value)
{
    wrong += value != (void *)mine;
    destroyed++;
}

static void *lives(void *arg)
{
    wrong += mine != 0 || pthread_getspecific(key) != NULL;
    mine = (long)arg;
    pthread_setspecific(key, arg);
    if (mine % 3 == 0)
        sched_yield();
    else if (mine % 31 == 1)
        sleep_ms(1);
    ran++;
    if (mine % 2)
        pthread_exit(arg);
    return arg;
}

static void *makes(void *arg)
{
    pthread_t kept[16] = {0};
    long seed = (long)arg;
    for (long i = 0; i < each; i++) {
        void *value = (void *)(seed * 1000000 + i + 1);
        pthread_t t = spawn(lives, value);
        if (i % 5 == 0) {
            CHECK_EQ(pthread_detach(t), 0);
        } else if (i % 5 == 1) {
            CHECK(join(t) == value);
        } else { /* joined later */
            if (kept[i % 16])
                join(kept[i % 16]);
            kept[i % 16] = t;
        }
    }
    for (int i = 0; i < 16; i++)
        if (kept[i])
            join(kept[i]);
    return NULL;
}

int main(int argc, char **argv)
{
    SAFETY_NET();
    if (argc > 1)
        each = atol(argv[1]);
    pthread_t t[MAKERS];
    CHECK_EQ(pthread_key_create(&key, destructor), 0);
    for (long i = 0; i < MAKERS; i++)
        t[i] = spawn(makes, (void *)i);
    for (int i = 0; i < MAKERS; i++)
        join(t[i]);
    while (destroyed < MAKERS * each) /* the detached ones may be late */
        sched_yield();
    OK("%ld ran, %ld destroyed, %ld wrong", ran, destroyed, wrong);
    return 0;
}
