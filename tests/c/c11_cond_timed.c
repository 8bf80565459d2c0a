/* cnd_timedwait: thrd_timedout at its time of TIME_UTC, with the mutex held
 * again; thrd_success when signalled before; thrd_error for what is no time. */
#include "c11.h"

static mtx_t m;
static cnd_t c, never;
static int waiting, go;

static int waits(void *arg)
{
    long ms = (long)(intptr_t)arg;
    int64_t began = now_ns();
    struct timespec at = utc_in_ms(ms);
    int result;
    CHECK_EQ(mtx_lock(&m), thrd_success);
    do
        result = cnd_timedwait(&never, &m, &at);
    while (result == thrd_success);
    CHECK(now_ns() - began >= ms * 1000000 - 1000000);
    CHECK_EQ(mtx_unlock(&m), thrd_success);
    return result;
}

static int waits_for_go(void *arg)
{
    struct timespec at = utc_in_ms(20000);
    int result = thrd_success;
    CHECK_EQ(mtx_lock(&m), thrd_success);
    waiting++;
    while (!go && result == thrd_success)
        result = cnd_timedwait(&c, &m, &at);
    CHECK_EQ(mtx_unlock(&m), thrd_success);
    return arg ? -1 : result;
}

static int with(void *arg)
{
    mtx_t mine;
    CHECK_EQ(mtx_init(&mine, mtx_plain | mtx_recursive), thrd_success);
    CHECK_EQ(mtx_lock(&mine), thrd_success);
    int result = cnd_timedwait(&never, &mine, arg);
    CHECK_EQ(mtx_unlock(&mine), thrd_success); /* it is held, whatever the result */
    CHECK_EQ(mtx_unlock(&mine), thrd_error);
    CHECK_EQ(cnd_wait(&never, &mine), thrd_error); /* and now it is not */
    return result;
}

int main(void)
{
    static struct timespec past = {1, 0}, bad = {INT_MAX, 1000000000}, negative = {1, -1};
    thrd_t t[40];
    SAFETY_NET();
    CHECK_EQ(mtx_init(&m, mtx_timed), thrd_success);
    CHECK_EQ(cnd_init(&c), thrd_success);
    CHECK_EQ(cnd_init(&never), thrd_success);
    for (int i = 0; i < 40; i++)
        t[i] = begin(waits, (void *)(intptr_t)(i % 8));
    for (int i = 0; i < 40; i++)
        CHECK_EQ(end(t[i]), thrd_timedout);
    OK("40 time-outs");
    must_have_parked("cond", 20);

    for (int i = 0; i < 40; i++)
        t[i] = begin(waits_for_go, NULL);
    until_parked("cond", 50);
    CHECK_EQ(mtx_lock(&m), thrd_success);
    go = 1;
    CHECK_EQ(cnd_broadcast(&c), thrd_success);
    CHECK_EQ(mtx_unlock(&m), thrd_success);
    for (int i = 0; i < 40; i++)
        CHECK_EQ(end(t[i]), thrd_success);
    CHECK_EQ(waiting, 40);
    OK("40 in time");

    CHECK_EQ(end(begin(with, &past)), thrd_timedout);
    CHECK_EQ(end(begin(with, &bad)), thrd_error);
    CHECK_EQ(end(begin(with, &negative)), thrd_error);
    OK("a past time, and none");
    cnd_destroy(&c);
    cnd_destroy(&never);
    mtx_destroy(&m);
    must_be_coroutines(83);
    return 0;
}
