/* alone */
/* Whatever main does holds no thread up: it computes, waits in read for what a
 * thread will write, and holds a mutex that other threads wait for. */
#include "ticker.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static int ends[2];

static void *locks(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    return arg;
}

static void *writes(void *arg)
{
    sleep_ms(150);
    CHECK_EQ(write(ends[1], "x", 1), 1);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    char byte;
    pthread_t t[4];
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    ticker_start();
    for (int i = 0; i < 4; i++)
        t[i] = spawn(i ? locks : writes, NULL);
    for (int64_t end = now_ms() + 100; now_ms() < end;)
        ;
    CHECK_EQ(read(ends[0], &byte, 1), 1);
    struct pollfd p = {.fd = ends[0], .events = POLLIN};
    CHECK_EQ(poll(&p, 1, 100), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    for (int i = 0; i < 4; i++)
        join(t[i]);
    ticker_finish();
    return 0;
}
