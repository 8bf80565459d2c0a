/* Threads made by a constructor before main and by an exit handler after it
 * are threads like any other. */
#include "thread.h"

static pthread_t early;
static int ready;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;

static void *waits(void *arg)
{
    sleep_ms(2);
    pthread_mutex_lock(&m);
    while (!ready)
        pthread_cond_wait(&c, &m);
    pthread_mutex_unlock(&m);
    return arg;
}

static void *short_lived(void *arg)
{
    sleep_ms(2);
    return arg;
}

__attribute__((constructor)) static void before_main(void)
{
    SAFETY_NET();
    CHECK(join(spawn(short_lived, &m)) == &m);
    early = spawn(waits, &c);
}

static void after_main(void)
{
    CHECK(join(spawn(short_lived, &m)) == &m);
    OK("a thread made by an exit handler");
}

__attribute__((destructor)) static void after_exit_handlers(void)
{
    CHECK(join(spawn(short_lived, &c)) == &c);
    OK("a thread made by a destructor");
}

int main(void)
{
    atexit(after_main);
    pthread_mutex_lock(&m);
    ready = 1;
    pthread_cond_signal(&c);
    pthread_mutex_unlock(&m);
    CHECK(join(early) == &c);
    OK("a thread made before main");
    most_parked("time", 2);
    return 0;
}
