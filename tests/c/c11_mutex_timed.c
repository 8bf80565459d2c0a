/* mtx_timedlock: not before its time, which is TIME_UTC; at once if it is
 * free, whatever the time says; and in time when it is unlocked meanwhile. */
#include "c11.h"

static mtx_t m;

static int tries(void *arg)
{
    int64_t began = now_ns();
    struct timespec at = utc_in_ms((long)(intptr_t)arg);
    int result = mtx_timedlock(&m, &at);
    if (result == thrd_timedout)
        CHECK(now_ns() - began >= (intptr_t)arg * 1000000 - 1000000);
    if (result == thrd_success)
        CHECK_EQ(mtx_unlock(&m), thrd_success);
    return result;
}

static int with(void *arg)
{
    int result = mtx_timedlock(&m, arg);
    if (result == thrd_success)
        CHECK_EQ(mtx_unlock(&m), thrd_success);
    return result;
}

int main(void)
{
    static struct timespec past = {1, 0}, before = {-1, 0}, bad = {INT_MAX, 1000000000},
                           negative = {INT_MAX, -1};
    SAFETY_NET();
    CHECK_EQ(mtx_init(&m, mtx_timed), thrd_success);
    CHECK_EQ(end(begin(tries, NULL)), thrd_success);
    CHECK_EQ(end(begin(with, &past)), thrd_success);
    CHECK_EQ(end(begin(with, &bad)), thrd_success);
    OK("a free one is taken at once");

    CHECK_EQ(mtx_lock(&m), thrd_success);
    CHECK_EQ(end(begin(with, &past)), thrd_timedout);
    CHECK_EQ(end(begin(with, &before)), thrd_timedout);
    CHECK_EQ(end(begin(with, &bad)), thrd_error);
    CHECK_EQ(end(begin(with, &negative)), thrd_error);
    OK("a past time is up, a bad one is an error");

    thrd_t t[20];
    for (int i = 0; i < 20; i++)
        t[i] = begin(tries, (void *)(intptr_t)(5 + i % 5));
    for (int i = 0; i < 20; i++)
        CHECK_EQ(end(t[i]), thrd_timedout);
    OK("20 time-outs");
    must_have_parked("mutex", 20);

    for (int i = 0; i < 20; i++)
        t[i] = begin(tries, (void *)20000);
    until_parked("mutex", 40);
    CHECK_EQ(mtx_unlock(&m), thrd_success);
    for (int i = 0; i < 20; i++)
        CHECK_EQ(end(t[i]), thrd_success);
    mtx_destroy(&m);
    OK("20 in time");
    must_be_coroutines(47);
    return 0;
}
