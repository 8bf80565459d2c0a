/* The thread-local variables of a library that is loaded while threads live:
 * each has its own, with initial values; unloaded and loaded again, afresh. */
#include "thread.h"
#include <dlfcn.h>

enum { THREADS = 20 };
static long *(*value)(void);
static char *(*block)(void);
static pthread_barrier_t step;

static void *load(void)
{
    void *lib = dlopen(beside("lib_tls_dynamic.so"), RTLD_NOW);
    if (!lib)
        dprintf(2, "%s\n", dlerror());
    CHECK(lib);
    value = (long *(*)(void))dlsym(lib, "dynamic_value");
    block = (char *(*)(void))dlsym(lib, "dynamic_block");
    CHECK(value && block);
    return lib;
}

static void *thread(void *arg)
{
    long me = (long)arg;
    for (int loads = 0; loads < 3; loads++) {
        pthread_barrier_wait(&step);
        long *at = value();
        CHECK_EQ(*at, 77);
        CHECK(!strcmp(block(), "block"));
        *at = me;
        memset(block(), (int)me, 3000);
        for (int i = 0; i < 5; i++) {
            sleep_ms(1);
            CHECK(value() == at);
            CHECK_EQ(*at, me);
            CHECK_EQ(block()[2999], (char)me);
        }
        pthread_barrier_wait(&step);
    }
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    pthread_barrier_init(&step, NULL, THREADS + 1);
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(thread, (void *)i);
    for (int loads = 0; loads < 3; loads++) {
        void *lib = load();
        pthread_barrier_wait(&step);
        CHECK_EQ(*value(), 77);
        *value() = -5;
        pthread_barrier_wait(&step);
        CHECK_EQ(*value(), -5);
        CHECK_EQ(dlclose(lib), 0);
        OK("loaded, used by %d threads, unloaded", THREADS);
    }
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    most_parked("time", 15 * THREADS);
    return 0;
}
