/* tss_t: a value for each thread, which stays its own while it sleeps; its
 * destructor at the thread's end, returned, thrd_exit or cancelled, again as
 * long as it sets the value, TSS_DTOR_ITERATIONS times at most; it may wait. */
#include "c11.h"

enum { THREADS = 40 };
static tss_t own, again, deleted, plain;
static atomic_int destroyed, rounds;
static _Thread_local int in_thread_local;

static void on_end(void *value)
{
    CHECK_EQ(*(int *)value, in_thread_local);
    CHECK(tss_get(own) == NULL);
    CHECK_EQ(thrd_sleep(&(struct timespec){0, 1000000}, NULL), 0);
    CHECK_EQ(*(int *)value, in_thread_local);
    free(value);
    destroyed++;
}

static void on_end_again(void *value)
{
    rounds++;
    CHECK_EQ(tss_set(again, value), thrd_success);
}

static void must_not_run(void *value) { CHECK(value == NULL); }

static int lives(void *arg)
{
    int me = (int)(intptr_t)arg;
    int *value = malloc(sizeof *value);
    CHECK(tss_get(own) == NULL && tss_get(again) == NULL && tss_get(plain) == NULL);
    *value = in_thread_local = me;
    CHECK_EQ(tss_set(own, value), thrd_success);
    CHECK_EQ(tss_set(plain, value), thrd_success);
    CHECK_EQ(tss_set(deleted, value), thrd_error);
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(thrd_sleep(&(struct timespec){0, 500000}, NULL), 0);
        CHECK(tss_get(own) == value && tss_get(plain) == value && *value == me);
    }
    if (me % 2)
        thrd_exit(me);
    return me;
}

static int sets_again(void *arg)
{
    CHECK_EQ(tss_set(again, arg), thrd_success);
    return 0;
}

int main(void)
{
    thrd_t t[THREADS];
    SAFETY_NET();
    CHECK_EQ(tss_create(&own, on_end), thrd_success);
    CHECK_EQ(tss_create(&again, on_end_again), thrd_success);
    CHECK_EQ(tss_create(&plain, NULL), thrd_success);
    CHECK_EQ(tss_create(&deleted, must_not_run), thrd_success);
    tss_delete(deleted);
    for (int i = 0; i < THREADS; i++)
        t[i] = begin(lives, (void *)(intptr_t)i);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(end(t[i]), i);
    OK("%d destroyed", destroyed);
    CHECK_EQ(end(begin(sets_again, &rounds)), 0);
    CHECK_EQ(rounds, TSS_DTOR_ITERATIONS);
    OK("%d rounds", rounds);
    must_be_coroutines(THREADS + 1);
    must_have_parked("time", 6 * THREADS / 2);
    return 0;
}
