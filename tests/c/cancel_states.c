/* States and types: when a cancellation acts, and on a thread in which state. */
#include "cancel.h"
#include <setjmp.h>

static atomic_int step, cleaned, ended;

static void note(void *arg)
{
    (void)arg;
    cleaned++;
}
static void until(atomic_int *word, int value)
{
    while (*word < value)
        usleep(200);
}
static void cancelled(pthread_t t)
{
    CHECK(join(t) == PTHREAD_CANCELED);
}

/* 1: disabled, then enabled. */
static void *disabled(void *arg)
{
    int old;
    CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old), 0);
    CHECK_EQ(old, PTHREAD_CANCEL_ENABLE);
    step = 1;
    /* A wait goes on, and is not cut short by a pending request. */
    int64_t start = now_ns();
    CHECK_EQ(usleep(30000), 0);
    CHECK(now_ns() - start >= 30000000);
    int fd[2];
    char c;
    CHECK_EQ(pipe(fd), 0);
    CHECK_EQ(write(fd[1], "x", 1), 1);
    CHECK_EQ(read(fd[0], &c, 1), 1);
    pthread_testcancel();
    close(fd[0]);
    close(fd[1]);
    CHECK_EQ(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old), 0);
    CHECK_EQ(old, PTHREAD_CANCEL_DISABLE);
    cleaned = 10; /* enabling alone does not act on a deferred one */
    pthread_testcancel();
    return arg;
}

/* Disabled while asynchronous: enabling acts. */
static void *disabled_async(void *arg)
{
    int old;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    CHECK_EQ(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old), 0);
    CHECK_EQ(old, PTHREAD_CANCEL_DEFERRED);
    step = 1;
    for (int64_t end = now_ms() + 20; now_ms() < end;)
        ;
    usleep(10000);
    cleaned = 20;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    cleaned = 21;
    return arg;
}

static void *async_of_itself(void *arg)
{
    pthread_cleanup_push(note, NULL);
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    pthread_cancel(pthread_self());
    pthread_cleanup_pop(0);
    return arg;
}

/* A loop without any call. */
static void *burns(void *arg)
{
    static volatile unsigned long count;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    pthread_cleanup_push(note, NULL);
    step++;
    for (;;)
        count++;
    pthread_cleanup_pop(0);
    return arg;
}

static void *burns_deferred(void *arg)
{
    step = 1;
    while (step == 1)
        ;
    return arg;
}

static void *async_parked(void *arg)
{
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    pthread_cleanup_push(note, NULL);
    step = 1;
    for (;;)
        sleep(60);
    pthread_cleanup_pop(0);
    return arg;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* In a call which is no cancellation point: natively the lock's futex call is interrupted, and the thread ends. */
static void *async_on_a_mutex(void *arg)
{
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    pthread_cleanup_push(note, NULL);
    step = 1;
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    pthread_cleanup_pop(0);
    return arg;
}

static void *async_yields(void *arg)
{
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    pthread_cleanup_push(note, NULL);
    step = 1;
    for (;;)
        sched_yield();
    pthread_cleanup_pop(0);
    return arg;
}

static void *at_once_or_later(void *arg)
{
    pthread_cleanup_push(note, NULL);
    for (;;)
        pthread_testcancel();
    pthread_cleanup_pop(0);
    return arg;
}

static void *ends(void *arg)
{
    ended++;
    return arg;
}

static void *waits(void *arg)
{
    pthread_cleanup_push(note, NULL);
    step = 1;
    pause();
    pthread_cleanup_pop(0);
    return arg;
}

static void *cancels(void *t)
{
    CHECK_EQ(pthread_cancel(*(pthread_t *)t), 0);
    return NULL;
}

/* Pending in a thread that makes itself asynchronous. */
static void *type_acts(void *arg)
{
    pthread_cancel(pthread_self());
    cleaned++;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    cleaned += 100;
    return arg;
}

static void *finishes(void *arg)
{
    step = 1;
    while (step == 1)
        ;
    return arg;
}

static void fresh(const char *what)
{
    step = cleaned = ended = 0;
    cancel_at(what);
}

int main(void)
{
    pthread_t t;
    int old;
    cancel_net();
    CHECK_EQ(pthread_setcancelstate(7, &old), EINVAL);
    CHECK_EQ(pthread_setcanceltype(7, &old), EINVAL);

    fresh("disabled");
    t = spawn(disabled, NULL);
    until(&step, 1);
    CHECK_EQ(pthread_cancel(t), 0);
    cancelled(t);
    CHECK_EQ(cleaned, 10);
    OK("a disabled thread is cancelled at the first point after it is enabled");

    fresh("disabled_async");
    t = spawn(disabled_async, NULL);
    until(&step, 1);
    CHECK_EQ(pthread_cancel(t), 0);
    join(t); /* glibc 2.36 leaves the result of this case unset */
    CHECK_EQ(cleaned, 20);
    OK("an asynchronous one at once when it is enabled");

    fresh("type_acts");
    cancelled(spawn(type_acts, NULL));
    CHECK_EQ(cleaned, 1);
    OK("a pending request acts when the type becomes asynchronous");

    fresh("async_of_itself");
    cancelled(spawn(async_of_itself, NULL));
    CHECK_EQ(cleaned, 1);
    OK("an asynchronous thread cancels itself at once");

    fresh("burns");
    for (int round = 0; round < 20; round++) {
        step = cleaned = 0;
        t = spawn(burns, NULL);
        if (round % 2)
            until(&step, 1);
        CHECK_EQ(pthread_cancel(t), 0);
        CHECK(join(t) == PTHREAD_CANCELED);
        CHECK(!(round % 2) || cleaned == 1);
    }
    OK("an asynchronous loop without calls is cancelled");

    fresh("burn by a sibling");
    t = spawn(burns, NULL);
    until(&step, 1);
    join(spawn(cancels, &t));
    cancelled(t);
    OK("by another thread, too");

    fresh("burns_deferred");
    t = spawn(burns_deferred, &step);
    until(&step, 1);
    CHECK_EQ(pthread_cancel(t), 0);
    usleep(20000);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    step = 2;
    CHECK(join(t) == &step);
    OK("a deferred loop without calls is not, and returns its result");

    fresh("async_parked");
    for (int round = 0; round < 20; round++) {
        fresh("async_parked");
        t = spawn(async_parked, NULL);
        until(&step, 1);
        usleep(round % 3 * 1000);
        CHECK_EQ(pthread_cancel(t), 0);
        cancelled(t);
        CHECK_EQ(cleaned, 1);
    }
    OK("an asynchronous one that sleeps");

    fresh("async_yields");
    for (int round = 0; round < 50; round++) {
        fresh("async_yields");
        t = spawn(async_yields, NULL);
        until(&step, 1);
        CHECK_EQ(pthread_cancel(t), 0);
        cancelled(t);
        CHECK_EQ(cleaned, 1);
    }
    OK("one that yields all the time, queued or running");

    fresh("async_on_a_mutex");
    pthread_mutex_lock(&mutex);
    t = spawn(async_on_a_mutex, NULL);
    until(&step, 1);
    usleep(20000);
    CHECK_EQ(pthread_cancel(t), 0);
    cancelled(t);
    CHECK_EQ(cleaned, 1);
    pthread_mutex_unlock(&mutex);
    /* The mutex outlives its waiter. */
    CHECK_EQ(pthread_mutex_lock(&mutex), 0);
    pthread_mutex_unlock(&mutex);
    OK("one that waits for a mutex");

    fresh("not started yet");
    for (int round = 0; round < 200; round++) {
        t = spawn(at_once_or_later, NULL);
        CHECK_EQ(pthread_cancel(t), 0);
        cancelled(t);
    }
    OK("one that has not started yet");

    fresh("ended");
    t = spawn(ends, &step);
    until(&ended, 1);
    usleep(20000);
    CHECK_EQ(pthread_cancel(t), 0);
    CHECK_EQ(pthread_cancel(t), 0);
    CHECK(join(t) == &step);
    OK("one that has ended keeps its result");

    fresh("twice");
    t = spawn(waits, NULL);
    until(&step, 1);
    CHECK_EQ(pthread_cancel(t), 0);
    CHECK_EQ(pthread_cancel(t), 0);
    CHECK_EQ(pthread_cancel(t), 0);
    cancelled(t);
    CHECK_EQ(cleaned, 1);
    OK("cancelled thrice, cleaned up once");

    fresh("returns");
    t = spawn(finishes, &cleaned);
    until(&step, 1);
    CHECK_EQ(pthread_cancel(t), 0);
    step = 2;
    CHECK(join(t) == &cleaned);
    OK("a pending request does not change the result of who returns");
    return 0;
}
