/* A library that makes a thread, and waits for it, while it is being loaded:
 * in an IFUNC's resolver, in a constructor, and in a destructor, as a library
 * of mathematics starts its workers. The loader's lock is held in all three. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static int from_resolver, from_constructor;

static void *answer(void *place)
{
    *(int *)place += 21;
    return place;
}

static void make_one(int *place)
{
    pthread_t thread;
    if (pthread_create(&thread, 0, answer, place) || pthread_join(thread, 0))
        abort();
}

static int in_resolver(void)
{
    const char *where = getenv("FIRST_THREAD");
    return where && !strcmp(where, "resolver");
}

static int sum(void) { return from_resolver + from_constructor; }

static int (*resolve(void))(void)
{
    if (in_resolver())
        make_one(&from_resolver);
    return sum;
}

/* Local, so that the loader calls the resolver after all else of the library is relocated. */
static int resolved_sum(void) __attribute__((ifunc("resolve")));

int first_thread_sum(void) { return resolved_sum(); }

__attribute__((constructor)) static void loaded(void)
{
    make_one(&from_constructor);
}

__attribute__((destructor)) static void unloaded(void)
{
    make_one(&from_constructor);
}
