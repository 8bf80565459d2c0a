/* A pthread_once function that ends its thread leaves the job undone: one of
 * those who wait does it instead. And such functions may nest. */
#include "thread.h"

enum { THREADS = 10 };
static pthread_once_t once = PTHREAD_ONCE_INIT, outer = PTHREAD_ONCE_INIT,
                      inner = PTHREAD_ONCE_INIT;
static atomic_int attempts, ended_early, done;

static void first_two_leave(void)
{
    int n = ++attempts;
    sleep_ms(5); /* the others come to wait */
    if (n <= 2) {
        ended_early++;
        pthread_exit(NULL);
    }
    done = 1;
}

static void *comes(void *arg)
{
    CHECK_EQ(pthread_once(&once, first_two_leave), 0);
    CHECK_EQ(done, 1);
    return arg;
}

static void do_inner(void)
{
    sleep_ms(2);
    done++;
}

static void do_outer(void)
{
    CHECK_EQ(pthread_once(&inner, do_inner), 0);
    CHECK_EQ(done, 1);
}

static void *nests(void *arg)
{
    CHECK_EQ(arg ? pthread_once(&outer, do_outer) : pthread_once(&inner, do_inner), 0);
    CHECK_EQ(done, 1);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    int through = 0;
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(comes, &once);
    for (int i = 0; i < THREADS; i++)
        through += join(t[i]) == &once;
    OK("%d attempts, %d left, %d through", attempts, ended_early, through);

    done = 0;
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(nests, i % 2 ? &outer : NULL);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("nested, done %d time", done);
    most_parked("time", 4);
    return 0;
}
