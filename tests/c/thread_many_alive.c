/* 1,000 threads live at the same time, each with its own id and stack, and all
 * wait at one barrier with main. */
#include "thread.h"

enum { THREADS = 1000 };
static pthread_barrier_t all;
static atomic_long sum;
static void *stack_of[THREADS];
static pthread_t self_of[THREADS];

static void *thread(void *arg)
{
    long i = (long)arg;
    volatile long mine = i;
    stack_of[i] = (void *)&mine;
    self_of[i] = pthread_self();
    pthread_barrier_wait(&all);
    sum += mine;
    pthread_barrier_wait(&all);
    return NULL;
}

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)*(void *const *)a, y = (uintptr_t)*(void *const *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    pthread_barrier_init(&all, NULL, THREADS + 1);
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(thread, (void *)i);
    pthread_barrier_wait(&all);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_equal(t[i], self_of[i]));
    OK("each pthread_self is what pthread_create gave");
    qsort(stack_of, THREADS, sizeof *stack_of, by_address);
    for (int i = 1; i < THREADS; i++)
        CHECK((char *)stack_of[i] - (char *)stack_of[i - 1] >= PTHREAD_STACK_MIN);
    OK("each has a stack of its own");
    pthread_barrier_wait(&all);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("sum %ld", sum);
    most_parked("barrier", THREADS);
    return 0;
}
