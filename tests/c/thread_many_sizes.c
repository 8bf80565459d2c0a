/* Threads of 2,000 sizes of stack, one after the other, twice over: neither
 * addresses nor memory grow with the number of sizes, and each has what it
 * asked for. */
#include "thread.h"
#include <malloc.h>

enum { SIZES = 2000, STEP = 4096, MOST_KB = 256 << 10 };

static void *tells_size(void *arg)
{
    (void)arg;
    size_t size;
    pthread_attr_t a;
    CHECK_EQ(pthread_getattr_np(pthread_self(), &a), 0);
    CHECK_EQ(pthread_attr_getstacksize(&a, &size), 0);
    CHECK_EQ(pthread_attr_destroy(&a), 0);
    return (void *)size;
}

static void all_sizes(void)
{
    pthread_attr_t a;
    pthread_t t;
    CHECK_EQ(pthread_attr_init(&a), 0);
    for (size_t i = 0; i < SIZES; i++) {
        size_t size = 65536 + i * STEP;
        CHECK_EQ(pthread_attr_setstacksize(&a, size), 0);
        CHECK_EQ(pthread_create(&t, &a, tells_size, NULL), 0);
        /* one that is kept from an earlier thread may be larger */
        CHECK((size_t)join(t) >= size);
    }
}

int main(void)
{
    SAFETY_NET();
    mallopt(M_ARENA_MAX, 1); /* arenas are addresses as well */
    join(spawn(tells_size, NULL));
    long addresses = status_kb("VmSize"), memory = status_kb("VmRSS");
    for (int i = 0; i < 2; i++)
        all_sizes();
    sleep_ms(500); /* what is kept for a while is not any more */
    dprintf(2, "grown by %ld and %ld KiB\n", status_kb("VmSize") - addresses, status_kb("VmRSS") - memory);
    CHECK(status_kb("VmSize") - addresses < MOST_KB);
    CHECK(status_kb("VmRSS") - memory < 8192);
    OK("addresses and memory stay");
    return 0;
}
