/* What pthread_getattr_np tells of sizes that are no whole pages, and of guards:
 * each as it was rounded, for the next thread as well. */
#include "thread.h"

static void *tells(void *arg)
{
    size_t size, guard;
    void *low;
    pthread_attr_t a;
    (void)arg;
    CHECK_EQ(pthread_getattr_np(pthread_self(), &a), 0);
    CHECK_EQ(pthread_attr_getstack(&a, &low, &size), 0);
    CHECK_EQ(pthread_attr_getguardsize(&a, &guard), 0);
    CHECK_EQ(pthread_attr_destroy(&a), 0);
    OK("size %zu, guard %zu", size, guard);
    return NULL;
}

static void with(size_t size, size_t guard, void *memory)
{
    pthread_attr_t a;
    pthread_t t;
    CHECK_EQ(pthread_attr_init(&a), 0);
    if (memory)
        CHECK_EQ(pthread_attr_setstack(&a, memory, size), 0);
    else
        CHECK_EQ(pthread_attr_setstacksize(&a, size), 0);
    CHECK_EQ(pthread_attr_setguardsize(&a, guard), 0);
    CHECK_EQ(pthread_create(&t, &a, tells, NULL), 0);
    join(t);
}

int main(void)
{
    static char memory[200000] __attribute__((aligned(64)));
    SAFETY_NET();
    /* ascending, for natively a stack is used again for a smaller one */
    const size_t sizes[] = {16384, 20001, 100000, 500033, 1 << 20};
    for (int i = 0; i < 5; i++)
        with(sizes[i], 4096, NULL);
    const size_t guards[] = {0, 1, 4096, 5000, 65536};
    for (size_t i = 0; i < 5; i++)
        with((8 << 20) + (i << 16), guards[i], NULL);
    with(sizeof memory, 5000, memory);
    return 0;
}
