/* Threads of C's that call a library of Go's, which is loaded before they are
 * made. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

static int (*go_double)(int);

static void *call(void *unused)
{
    intptr_t sum = 0;
    (void)unused;
    for (int i = 0; i < 200; i++)
        sum += go_double(i);
    return (void *)sum;
}

int main(void)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    long sum = 0;
    void *library = dlopen("./libdouble.so", RTLD_NOW);
    if (!library)
        return puts(dlerror()), 1;
    go_double = (int (*)(int))dlsym(library, "goDouble");
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, call, NULL))
            return 1;
    for (int i = 0; i < THREADS; i++) {
        void *part;
        pthread_join(threads[i], &part);
        sum += (intptr_t)part;
    }
    printf("%ld\n", sum);
    return 0;
}
