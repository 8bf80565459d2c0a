/* libs: -ldl */
/* Stacks become executable when a library that asks for it is loaded: those
 * of threads that wait meanwhile, that have ended and are used again, and new
 * ones. A later glibc refuses to load it. */
#include "exec_stack.h"
#include <dlfcn.h>

enum { THREADS = 20 };
static pthread_barrier_t loaded;

static void *wait_and_run(void *n)
{
    pthread_barrier_wait(&loaded);
    return (void *)(uintptr_t)run_on_stack((uintptr_t)n);
}

static void *run(void *n)
{
    return (void *)(uintptr_t)run_on_stack((uintptr_t)n);
}

static void *end(void *n) { return n; }

static void make_all(pthread_t *threads, void *(*start)(void *))
{
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, start, (void *)i), 0);
}

static void join_all(pthread_t *threads)
{
    for (uintptr_t i = 0; i < THREADS; i++) {
        void *result;
        CHECK_EQ(pthread_join(threads[i], &result), 0);
        CHECK_EQ((uintptr_t)result, i);
    }
}

int main(void)
{
    pthread_t ended[THREADS], waiting[THREADS], again[2 * THREADS];
    CHECK_EQ(pthread_barrier_init(&loaded, NULL, THREADS + 1), 0);
    make_all(ended, end);
    make_all(waiting, wait_and_run);
    join_all(ended);
    if (!dlopen("lib_exec_stack.so", RTLD_NOW)) {
        OK("the library is refused");
        return 0;
    }
    pthread_barrier_wait(&loaded);
    join_all(waiting);
    OK("threads that were there run code on their stacks");
    make_all(again, run);
    make_all(again + THREADS, run);
    join_all(again);
    join_all(again + THREADS);
    OK("so do new ones");
    check_overflow();
    OK("an overflow ends the process");
    return 0;
}
