/* time: 60 */
/* 1,000,000 threads made and joined, one after the other, under the library
 * (20,000 in a bare run): memory does not grow. */
#include "thread.h"

static void *nothing(void *arg)
{
    errno = 5; /* touches its TLS, as any thread does */
    free(malloc(100));
    return arg;
}

static void make_and_join(long n)
{
    for (long i = 0; i < n; i++)
        CHECK(join(spawn(nothing, (void *)i)) == (void *)i);
}

static void *from_thread(void *arg)
{
    make_and_join((long)arg);
    return NULL;
}

int main(int argc, char **argv)
{
    alarm(55);
    long n = argc > 1 ? atol(argv[1]) : preloaded() ? 1000000 : 20000;
    make_and_join(n / 100);
    long before = status_kb("VmRSS");
    make_and_join(n / 2);
    join(spawn(from_thread, (void *)(n / 2)));
    long grown = status_kb("VmRSS") - before;
    dprintf(2, "grown by %ld KiB\n", grown);
    CHECK(grown < 4096);
    OK("memory does not grow");
    return 0;
}
