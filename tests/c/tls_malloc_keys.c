/* A malloc that the program brings may set a key in each thread at its first
 * allocation, as jemalloc does; the key's destructor runs once for each. */
#include "thread.h"

enum { THREADS = 50 };

void *__libc_malloc(size_t);
static pthread_key_t key;
static __thread int known;
static atomic_int made, ended;

static void end(void *value)
{
    CHECK(value == &known);
    ended++;
}

void *malloc(size_t n)
{
    if (made && !known) {
        known = 1;
        CHECK_EQ(pthread_setspecific(key, &known), 0);
    }
    return __libc_malloc(n);
}

static void *thread(void *arg)
{
    char *volatile block = malloc(100);
    CHECK(pthread_getspecific(key) == &known);
    sleep_ms(1);
    CHECK(pthread_getspecific(key) == &known);
    free(block);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    CHECK_EQ(pthread_key_create(&key, end), 0);
    made = 1;
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(thread, NULL);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    CHECK(ended >= THREADS);
    OK("%d threads with a key of malloc's", THREADS);
    most_parked("time", THREADS);
    return 0;
}
