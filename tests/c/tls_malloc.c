/* Memory allocated in one thread may be used and freed in another; what it
 * holds survives, sizes from 1 byte to 1 MiB, while all threads allocate. */
#include "thread.h"
#include <malloc.h>

enum { THREADS = 16, BLOCKS = 400, SLOTS = 64 };
static _Atomic(unsigned char *) slot[SLOTS];

/* A block says its own size in its first bytes and is filled with a pattern. */
static unsigned char *make(unsigned *seed)
{
    static const unsigned sizes[] = {24, 100, 1000, 5000, 70000, 1 << 20};
    unsigned pick = (unsigned)rand_r(seed), n = sizes[pick % 64 ? pick % 5 : 5];
    unsigned char *p = malloc(n);
    CHECK(p && malloc_usable_size(p) >= n);
    memset(p, (int)(n % 251), n);
    memcpy(p, &n, sizeof n);
    return p;
}

static void check_and_free(unsigned char *p)
{
    unsigned n;
    memcpy(&n, p, sizeof n);
    for (unsigned i = sizeof n; i < n; i += 97)
        CHECK_EQ(p[i], n % 251);
    p = realloc(p, n + 10);
    CHECK(p && !memcmp(p, &n, sizeof n));
    free(p);
}

static void *thread(void *arg)
{
    unsigned seed = (unsigned)(long)arg;
    for (int i = 0; i < BLOCKS; i++) {
        unsigned char *other =
            atomic_exchange(&slot[(unsigned)rand_r(&seed) % SLOTS], make(&seed));
        if (i % 16 == 0)
            sched_yield();
        if (i % 100 == 0)
            sleep_ms(1);
        if (other)
            check_and_free(other);
    }
    return make(&seed);
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(thread, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++)
        check_and_free(join(t[i]));
    for (int i = 0; i < SLOTS; i++)
        if (slot[i])
            check_and_free(slot[i]);
    OK("%d blocks passed between threads", THREADS * BLOCKS);
    most_parked("time", THREADS * (BLOCKS / 100));
    return 0;
}
