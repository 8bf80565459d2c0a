/* mtx_t: what each kind says to a second lock and to an unlock by another, and
 * what becomes of kinds that do not exist: glibc takes them as plain. */
#include "c11.h"

enum { THREADS = 16, ROUNDS = 300 };
static mtx_t m;
static long sum;

static int tries(void *arg)
{
    (void)arg;
    int result = mtx_trylock(&m);
    if (result == thrd_success)
        CHECK_EQ(mtx_unlock(&m), thrd_success);
    return result;
}

static int unlocks(void *arg)
{
    (void)arg;
    return mtx_unlock(&m);
}

static int adds(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(mtx_lock(&m), thrd_success);
        if (arg)
            CHECK_EQ(mtx_lock(&m), thrd_success);
        long was = sum;
        if (i % 50 == 0)
            CHECK_EQ(thrd_sleep(&(struct timespec){0, 10000}, NULL), 0);
        sum = was + 1;
        if (arg)
            CHECK_EQ(mtx_unlock(&m), thrd_success);
        CHECK_EQ(mtx_unlock(&m), thrd_success);
    }
    return 0;
}

static void plain(int kind)
{
    CHECK_EQ(mtx_init(&m, kind), thrd_success);
    CHECK_EQ(mtx_lock(&m), thrd_success);
    CHECK_EQ(mtx_trylock(&m), thrd_busy);
    struct timespec soon = utc_in_ms(5);
    CHECK_EQ(mtx_timedlock(&m, &soon), thrd_timedout);
    CHECK_EQ(end(begin(tries, NULL)), thrd_busy);
    CHECK_EQ(end(begin(unlocks, NULL)), thrd_success);
    CHECK_EQ(end(begin(tries, NULL)), thrd_success);
    mtx_destroy(&m);
}

static int recursive(void *arg)
{
    struct timespec past = {0, -5}; /* not looked at by who need not wait */
    CHECK_EQ(mtx_init(&m, *(int *)arg), thrd_success);
    CHECK_EQ(mtx_unlock(&m), thrd_error);
    CHECK_EQ(mtx_lock(&m), thrd_success);
    CHECK_EQ(mtx_lock(&m), thrd_success);
    CHECK_EQ(mtx_trylock(&m), thrd_success);
    CHECK_EQ(mtx_timedlock(&m, &past), thrd_success);
    CHECK_EQ(end(begin(unlocks, NULL)), thrd_error);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(mtx_unlock(&m), thrd_success);
    CHECK_EQ(end(begin(tries, NULL)), thrd_busy);
    CHECK_EQ(mtx_unlock(&m), thrd_success);
    CHECK_EQ(end(begin(tries, NULL)), thrd_success);
    CHECK_EQ(mtx_unlock(&m), thrd_error);
    mtx_destroy(&m);
    return 0;
}

static void excludes(int kind, void *twice)
{
    thrd_t t[THREADS];
    CHECK_EQ(mtx_init(&m, kind), thrd_success);
    sum = 0;
    for (int i = 0; i < THREADS; i++)
        t[i] = begin(adds, twice);
    adds(twice);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(end(t[i]), 0);
    mtx_destroy(&m);
    OK("kind %d: sum %ld", kind, sum);
}

int main(void)
{
    static int deep[] = {mtx_plain | mtx_recursive, mtx_timed | mtx_recursive};
    SAFETY_NET();
    plain(mtx_plain);
    plain(mtx_timed);
    plain(4);
    plain(4 | mtx_recursive);
    plain(-1);
    OK("plain, timed, and the kinds that there are not");
    for (int i = 0; i < 2; i++) {
        recursive(&deep[i]);
        CHECK_EQ(end(begin(recursive, &deep[i])), 0);
    }
    OK("recursive");
    excludes(mtx_plain, NULL);
    excludes(mtx_timed | mtx_recursive, &m);
    must_be_coroutines(2 * THREADS + 20);
    must_have_parked("mutex", THREADS);
    return 0;
}
