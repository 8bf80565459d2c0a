/* time: 60 */
/* 100,000 threads asleep at once under the library (2,000 in a bare run, where
 * the kernel sets the limit), all of them woken, at less than 14 KiB each. */
#include "thread.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER, up = PTHREAD_COND_INITIALIZER;
static int go, arrived, left;

static void *sleeper(void *arg)
{
    pthread_mutex_lock(&m);
    arrived++;
    pthread_cond_signal(&up);
    while (!go)
        pthread_cond_wait(&wake, &m);
    left++;
    pthread_mutex_unlock(&m);
    return arg;
}

int main(int argc, char **argv)
{
    alarm(55);
    long n = argc > 1 ? atol(argv[1]) : preloaded() ? 100000 : 2000;
    pthread_t *t = calloc((size_t)n, sizeof *t);
    memset(t, 1, (size_t)n * sizeof *t); /* touched before we measure */
    pthread_attr_t small;
    CHECK_EQ(pthread_attr_init(&small), 0);
    CHECK_EQ(pthread_attr_setstacksize(&small, 64 * 1024), 0);
    long before = status_kb("VmRSS");
    for (long i = 0; i < n; i++)
        CHECK_EQ(pthread_create(&t[i], &small, sleeper, (void *)i), 0);
    pthread_mutex_lock(&m);
    while (arrived < n)
        pthread_cond_wait(&up, &m);
    pthread_mutex_unlock(&m);
    until_parked("cond", (unsigned long)n);
    long each = (status_kb("VmRSS") - before) * 1024 / n;
    dprintf(2, "%ld sleepers, %ld bytes of RSS each\n", n, each);
    if (preloaded())
        CHECK(each < 14 * 1024);
    OK("all sleep");

    pthread_mutex_lock(&m);
    go = 1;
    pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&m);
    for (long i = 0; i < n; i++)
        CHECK(join(t[i]) == (void *)i);
    CHECK_EQ(left, n);
    OK("all woke and were joined");
    return 0;
}
