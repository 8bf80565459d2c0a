/* cflags: -Wno-infinite-recursion */
/* C11 threads: the int that a thread returns, or gives to thrd_exit, reaches
 * who joins it, whatever its sign; what cannot be joined is thrd_error. */
#include "c11.h"

static atomic_int ended;
static mtx_t gate = {0};

static int returns(void *arg) { return *(int *)arg; }

static int deep(int value, int frames)
{
    char pad[128];
    memset(pad, frames, sizeof pad);
    if (frames == 0)
        thrd_exit(value);
    int r = deep(value, frames - 1);
    return pad[5] == (char)frames ? r : 0;
}

static int exits(void *arg) { return deep(*(int *)arg, 100); }

static int late(void *arg)
{
    CHECK_EQ(thrd_sleep(&(struct timespec){0, 20000000}, NULL), 0);
    return returns(arg);
}

static int joins(void *arg) { return end(*(thrd_t *)arg); }

static int joins_itself(void *arg)
{
    (void)arg;
    return thrd_join(thrd_current(), NULL);
}

static int waits(void *arg)
{
    CHECK_EQ(mtx_lock(&gate), thrd_success);
    CHECK_EQ(mtx_unlock(&gate), thrd_success);
    ended++;
    return returns(arg);
}

static int detaches_itself(void *arg)
{
    CHECK_EQ(thrd_detach(thrd_current()), thrd_success);
    CHECK_EQ(thrd_detach(thrd_current()), thrd_error);
    CHECK_EQ(thrd_join(thrd_current(), NULL), thrd_error);
    return waits(arg);
}

int main(void)
{
    static int values[] = {0, 1, -1, INT_MAX, INT_MIN};
    enum { N = sizeof values / sizeof *values };
    SAFETY_NET();
    for (int i = 0; i < N; i++) {
        CHECK_EQ(end(begin(returns, &values[i])), values[i]);
        CHECK_EQ(end(begin(exits, &values[i])), values[i]);
        CHECK_EQ(end(begin(late, &values[i])), values[i]);
        thrd_t t = begin(late, &values[i]);
        CHECK_EQ(end(begin(joins, &t)), values[i]);
        t = begin(returns, &values[i]);
        sleep_ms(5);
        CHECK_EQ(thrd_join(t, NULL), thrd_success);
    }
    OK("results of %d kinds, returned, given to thrd_exit, late, early", N);

    CHECK_EQ(end(begin(joins_itself, NULL)), thrd_error);
    CHECK_EQ(thrd_join(thrd_current(), NULL), thrd_error);
    OK("thrd_error for oneself");

    CHECK_EQ(mtx_lock(&gate), thrd_success);
    thrd_t t = begin(waits, &values[1]);
    CHECK_EQ(thrd_detach(t), thrd_success);
    CHECK_EQ(thrd_detach(t), thrd_error);
    CHECK_EQ(thrd_join(t, NULL), thrd_error);
    begin(detaches_itself, &values[1]);
    sleep_ms(5);
    CHECK_EQ(mtx_unlock(&gate), thrd_success);
    while (ended < 2)
        thrd_yield();
    OK("thrd_error for the detached");
    must_be_coroutines(6 * N + 3);
    must_have_parked("thread", 1);
    must_have_parked("time", 2 * N);
    must_have_parked("mutex", 1);
    return 0;
}
