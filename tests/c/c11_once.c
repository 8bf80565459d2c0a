/* call_once: once however many come, who return only after it has been done,
 * though it sleeps; done by another if its thread ends in the middle. */
#include "c11.h"

enum { THREADS = 50 };
static once_flag once = ONCE_FLAG_INIT, outer = ONCE_FLAG_INIT, inner = ONCE_FLAG_INIT;
static atomic_int runs, done, left;

static void pause_briefly(void)
{
    CHECK_EQ(thrd_sleep(&(struct timespec){0, 5000000}, NULL), 0);
}

static void slow(void)
{
    runs++;
    pause_briefly();
    done++;
}

static int comes(void *arg)
{
    call_once(arg, slow);
    return done;
}

static void first_two_leave(void)
{
    pause_briefly();
    if (++runs <= 2) {
        left++;
        thrd_exit(-1);
    }
    done++;
}

static int comes_to_leave(void *arg)
{
    call_once(arg, first_two_leave);
    return done;
}

static void nests(void) { call_once(&inner, slow); }

static int comes_to_nest(void *arg)
{
    call_once(arg ? &outer : &inner, arg ? nests : slow);
    return done;
}

static int sum_of_results(thrd_start_t start, void *arg, void *every_second)
{
    thrd_t t[THREADS];
    int sum = 0;
    runs = done = 0;
    for (int i = 0; i < THREADS; i++)
        t[i] = begin(start, i % 2 ? every_second : arg);
    for (int i = 0; i < THREADS; i++)
        sum += end(t[i]);
    return sum;
}

int main(void)
{
    SAFETY_NET();
    CHECK_EQ(sum_of_results(comes, &once, &once), THREADS);
    CHECK_EQ(runs, 1);
    must_have_parked("thread", THREADS / 2);
    OK("%d came, %d run", THREADS, runs);
    once = (once_flag)ONCE_FLAG_INIT;
    CHECK_EQ(sum_of_results(comes_to_leave, &once, &once), THREADS - 4);
    OK("%d left, done %d time", left, done);
    CHECK_EQ(sum_of_results(comes_to_nest, &outer, NULL), THREADS);
    OK("nested, %d run", runs);
    must_be_coroutines(3 * THREADS);
    return 0;
}
