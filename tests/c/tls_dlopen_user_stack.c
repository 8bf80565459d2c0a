/* libs: -ldl */
/* A thread on the program's own memory gets the initial values of a library with
 * initial-exec TLS that is loaded while it waits, as the others do. */
#include "thread.h"
#include <dlfcn.h>
#include <semaphore.h>

static _Alignas(64) char memory[256 << 10];
static sem_t here, loaded;
static int *(*value)(void);

static void *waits(void *arg)
{
    sem_post(&here);
    CHECK_EQ(sem_wait(&loaded), 0);
    CHECK_EQ(*value(), 4711);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_attr_t a;
    pthread_t t;
    sem_init(&here, 0, 0), sem_init(&loaded, 0, 0);
    CHECK_EQ(pthread_attr_init(&a), 0);
    CHECK_EQ(pthread_attr_setstack(&a, memory, sizeof memory), 0);
    CHECK_EQ(pthread_create(&t, &a, waits, NULL), 0);
    CHECK_EQ(sem_wait(&here), 0);
    void *lib = dlopen(beside("lib_tls_initial_exec.so"), RTLD_NOW);
    CHECK(lib);
    value = (int *(*)(void))dlsym(lib, "fixed_value");
    CHECK(value);
    sem_post(&loaded);
    join(t);
    OK("initial values on the program's own memory");
    return 0;
}
