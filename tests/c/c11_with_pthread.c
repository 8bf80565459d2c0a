/* The two kinds of names mean the same objects in glibc: each joins, detaches
 * and ends the other's threads, locks and signals the other's objects. */
#include "c11.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static mtx_t *const as_mtx = (mtx_t *)&m;
static cnd_t *const as_cnd = (cnd_t *)&c;
static int ball;
static atomic_int cleaned;

static int returns(void *arg) { return *(int *)arg; }
static int pthread_exits(void *arg) { pthread_exit(arg); }
static void *thrd_exits(void *arg) { thrd_exit(*(int *)arg); }
static void *itself(void *arg) { return arg; }

static int same(void *arg)
{
    CHECK(arg == NULL && pthread_self() == thrd_current());
    CHECK(thrd_equal(pthread_self(), thrd_current()));
    return 0;
}

static int plays_thrd(void *arg)
{
    for (int i = 0; i < 300; i++) {
        CHECK_EQ(mtx_lock(as_mtx), thrd_success);
        while (ball % 2 == 0)
            CHECK_EQ(cnd_wait(as_cnd, as_mtx), thrd_success);
        ball++;
        CHECK_EQ(cnd_broadcast(as_cnd), thrd_success);
        CHECK_EQ(mtx_unlock(as_mtx), thrd_success);
    }
    return arg != NULL;
}

static void *plays_pthread(void *arg)
{
    for (int i = 0; i < 300; i++) {
        CHECK_EQ(pthread_mutex_lock(&m), 0);
        while (ball % 2 == 1)
            CHECK_EQ(pthread_cond_wait(&c, &m), 0);
        ball++;
        CHECK_EQ(pthread_cond_signal(&c), 0);
        CHECK_EQ(pthread_mutex_unlock(&m), 0);
    }
    return arg;
}

static void clean(void *arg)
{
    if (arg) /* cancelled in cnd_wait: the mutex is held again */
        CHECK_EQ(mtx_unlock(arg), thrd_success);
    cleaned++;
}

static int waits(void *arg)
{
    pthread_cleanup_push(clean, as_mtx);
    CHECK_EQ(mtx_lock(as_mtx), thrd_success);
    for (;;)
        CHECK_EQ(cnd_wait(as_cnd, as_mtx), thrd_success);
    pthread_cleanup_pop(0);
    return arg != NULL;
}

static int sleeps(void *arg)
{
    pthread_cleanup_push(clean, NULL);
    thrd_sleep(&(struct timespec){100, 0}, NULL);
    pthread_cleanup_pop(0);
    return arg != NULL;
}

static int joins(void *arg)
{
    pthread_cleanup_push(clean, NULL);
    thrd_join(*(thrd_t *)arg, NULL);
    pthread_cleanup_pop(0);
    return 0;
}

int main(void)
{
    static int values[] = {0, 7, -1, INT_MAX, INT_MIN};
    enum { N = sizeof values / sizeof *values };
    SAFETY_NET();
    for (int i = 0; i < N; i++) {
        CHECK(join(begin(returns, &values[i])) == (void *)(intptr_t)values[i]);
        CHECK(join(spawn(thrd_exits, &values[i])) == (void *)(intptr_t)values[i]);
        CHECK_EQ(end(spawn(itself, (void *)(intptr_t)values[i])), values[i]);
        CHECK_EQ(end(spawn(itself, (void *)(0x500000000 + (unsigned)values[i]))), values[i]);
        CHECK(join(begin(pthread_exits, &values[i])) == &values[i]);
    }
    CHECK_EQ(end(begin(same, NULL)), 0);
    CHECK_EQ(thrd_detach(spawn(itself, NULL)), thrd_success);
    CHECK_EQ(pthread_detach(begin(same, NULL)), 0);
    OK("results: an int is sign-extended, a pointer is cut");

    thrd_t a = begin(plays_thrd, &m);
    pthread_t b = spawn(plays_pthread, &m);
    CHECK_EQ(end(a), 1);
    CHECK(join(b) == &m);
    OK("%d passes", ball);

    thrd_t victim[] = {begin(waits, NULL), begin(sleeps, NULL), 0};
    victim[2] = begin(joins, &victim[1]);
    until_parked("thread", 1);
    for (int i = 2; i >= 0; i--) {
        CHECK_EQ(pthread_cancel(victim[i]), 0);
        if (i == 1)
            CHECK_EQ(end(victim[i]), (int)(intptr_t)PTHREAD_CANCELED);
        else
            CHECK(join(victim[i]) == PTHREAD_CANCELED);
    }
    CHECK_EQ(mtx_trylock(as_mtx), thrd_success);
    OK("%d cancelled", cleaned);
    must_be_coroutines(4 * N + 4);
    must_have_parked("cond", 100);
    return 0;
}
