/* Threads make threads make threads: 4 generations of 4, each joined by its
 * parent, which adds up what they return. */
#include "thread.h"

enum { FAN = 4, GENERATIONS = 4 };

static void *node(void *arg)
{
    long generation = (long)arg, sum = 1;
    if (generation < GENERATIONS) {
        pthread_t child[FAN];
        for (int i = 0; i < FAN; i++)
            child[i] = spawn(node, (void *)(generation + 1));
        for (int i = 0; i < FAN; i++)
            sum += (long)join(child[i]);
    } else {
        sleep_ms(5);
    }
    return (void *)sum;
}

int main(void)
{
    SAFETY_NET();
    CHECK_EQ((long)join(spawn(node, (void *)0L)), 1 + 4 + 16 + 64 + 256);
    OK("341 threads");
    most_parked("time", 256);
    /* The first join of each grandparent of a sleeper waits for that sleep. */
    must_have_parked("thread", 1);
    return 0;
}
