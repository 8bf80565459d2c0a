/* The first thread of a process is made, and joined, by whoever has locked the
 * program's own malloc, as a collector or a profiling allocator does. Natively
 * neither the thread nor the system needs the lock but in its maker. */
#include "util.h"

static pthread_mutex_t heap = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static char memory[8 << 20] __attribute__((aligned(16)));
static size_t used;

/* Nothing is ever given back; each block has its size before it. */
void *malloc(size_t size)
{
    pthread_mutex_lock(&heap);
    size_t *block = (size_t *)(memory + used);
    used += (size + 16 + 15) & ~(size_t)15;
    CHECK(used <= sizeof memory);
    pthread_mutex_unlock(&heap);
    block[0] = size;
    return block + 2;
}

void free(void *block)
{
    /* Threads that end free what they never had. */
    if (!block)
        return;
    pthread_mutex_lock(&heap);
    pthread_mutex_unlock(&heap);
}

void *calloc(size_t n, size_t size) { return malloc(n * size); }

void *realloc(void *old, size_t size)
{
    void *block = malloc(size);
    if (old) {
        size_t before = ((size_t *)old)[-2];
        memcpy(block, old, before < size ? before : size);
    }
    return block;
}

static void *work(void *place)
{
    usleep(1000);
    *(int *)place = 42;
    return place;
}

int main(void)
{
    int worked = 0;
    pthread_t thread;
    pthread_mutex_lock(&heap);
    CHECK_EQ(pthread_create(&thread, NULL, work, &worked), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    pthread_mutex_unlock(&heap);
    CHECK_EQ(worked, 42);
    OK("a thread of one who has locked malloc");
    return 0;
}
