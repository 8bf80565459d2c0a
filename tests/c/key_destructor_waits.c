/* A key's destructor is ordinary code of its thread: it may sleep, lock, use
 * stdio and errno, make a thread and join it; the joiner waits for it all. */
#include "thread.h"

enum { THREADS = 20 };
static pthread_key_t key;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static int destroyed, made;

static void *child(void *arg)
{
    sleep_ms(1);
    pthread_mutex_lock(&m);
    made++;
    pthread_mutex_unlock(&m);
    return arg;
}

static void destructor(void *value)
{
    char text[32];
    errno = (int)(long)value;
    sleep_ms(2);
    CHECK_EQ(errno, (long)value);
    snprintf(text, sizeof text, "%ld", (long)value);
    CHECK_EQ(atol(text), (long)value);
    CHECK(join(spawn(child, value)) == value);
    pthread_mutex_lock(&m);
    sched_yield();
    destroyed++;
    pthread_mutex_unlock(&m);
}

static void *thread(void *arg)
{
    CHECK_EQ(pthread_setspecific(key, arg), 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    CHECK_EQ(pthread_key_create(&key, destructor), 0);
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(thread, (void *)(i + 1));
    for (long i = 0; i < THREADS; i++)
        CHECK_EQ((long)join(t[i]), i + 1);
    CHECK_EQ(made, THREADS);
    CHECK_EQ(destroyed, THREADS);
    OK("%d destructors waited and were waited for", destroyed);
    most_parked("time", 2 * THREADS);
    return 0;
}
