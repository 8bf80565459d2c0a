/* A library with initial-exec TLS, loaded by a thread while others live: its
 * variables have their initial values in every thread, those that existed,
 * those made later, and those that get the memory of one that ended. */
#include "thread.h"
#include <dlfcn.h>

enum { THREADS = 20 };
static int *(*value)(void), *(*zero)(void);
static pthread_barrier_t loaded;

static void use(int me)
{
    int *at = value();
    CHECK_EQ(*at, 4711);
    CHECK_EQ(*zero(), 0);
    *at = *zero() = me;
    for (int i = 0; i < 5; i++) {
        sleep_ms(1);
        CHECK(value() == at);
        CHECK_EQ(*at, me);
        CHECK_EQ(*zero(), me);
    }
}

static void *existed(void *arg)
{
    pthread_barrier_wait(&loaded);
    use((int)(long)arg);
    return NULL;
}

static void *loads(void *arg)
{
    void *lib = dlopen(beside("lib_tls_initial_exec.so"), RTLD_NOW);
    if (!lib)
        dprintf(2, "%s\n", dlerror());
    CHECK(lib);
    value = (int *(*)(void))dlsym(lib, "fixed_value");
    zero = (int *(*)(void))dlsym(lib, "fixed_zero");
    CHECK(value && zero);
    return existed(arg);
}

static void *came_later(void *arg)
{
    use((int)(long)arg);
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    pthread_barrier_init(&loaded, NULL, THREADS + 2);
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(existed, (void *)(i + 1));
    pthread_t loader = spawn(loads, (void *)99L);
    pthread_barrier_wait(&loaded);
    CHECK_EQ(*value(), 4711);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    join(loader);
    OK("initial values in threads that existed");
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(came_later, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    CHECK_EQ(*value(), 4711);
    OK("and in those that came later");
    most_parked("time", 10 * THREADS);
    return 0;
}
