/* A collector that scans stacks conservatively takes each one to reach from the
 * stack pointer to the end of its mapping in /proc/self/maps: all of that can be
 * read, and holds no other thread's stack. */
#include "thread.h"

enum { THREADS = 30, HIGHEST = 64 << 10 };
static pthread_barrier_t all;

/* The mapping that `at` is in. */
static void mapping_of(uintptr_t at, uintptr_t *low, uintptr_t *high)
{
    char line[512];
    unsigned long a, b;
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps);
    *low = *high = 0;
    while (fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-%lx", &a, &b) == 2 && a <= at && at < b)
            *low = a, *high = b;
    fclose(maps);
    CHECK(*high > at);
}

static void *scans(void *arg)
{
    uintptr_t low, high, here = (uintptr_t)__builtin_frame_address(0);
    void *stack;
    size_t size;
    pthread_attr_t a;
    pthread_barrier_wait(&all);
    mapping_of(here, &low, &high);
    uintptr_t sum = 0;
    for (volatile uintptr_t *word = (void *)here; (uintptr_t)word < high; word++)
        sum += *word;
    CHECK(sum && high - here < HIGHEST);
    CHECK_EQ(pthread_getattr_np(pthread_self(), &a), 0);
    CHECK_EQ(pthread_attr_getstack(&a, &stack, &size), 0);
    CHECK_EQ(pthread_attr_destroy(&a), 0);
    CHECK_EQ(low, (uintptr_t)stack);
    CHECK_EQ(high, (uintptr_t)stack + size);
    pthread_barrier_wait(&all);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    pthread_barrier_init(&all, NULL, THREADS);
    for (int turn = 0; turn < 3; turn++) {
        for (int i = 0; i < THREADS; i++)
            t[i] = spawn(scans, NULL);
        for (int i = 0; i < THREADS; i++)
            join(t[i]);
    }
    OK("each stack is a mapping of its own");
    return 0;
}
