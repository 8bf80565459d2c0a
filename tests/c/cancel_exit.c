/* pthread_exit from wherever a thread is: deep frames, keys' destructors, signal handlers; and from main. */
#include "cancel.h"

static char told[64];
static atomic_int inside;
static pthread_key_t key;

static void tell(void *text) { strcat(told, text); }

static int deeper(int n, void *arg)
{
    volatile char room[2000];
    room[n] = 1;
    if (n == 0)
        pthread_exit(arg);
    return n < 0 ? room[0] : deeper(n - 1, arg) + room[n];
}

static void *deep(void *arg)
{
    deeper(20, arg);
    return NULL;
}

static void exits(void *value)
{
    strcat(told, "d");
    pthread_exit(value);
}

static void *sets_key(void *arg)
{
    pthread_setspecific(key, arg);
    return &told;
}

static void on_signal(int signum)
{
    (void)signum;
    pthread_exit(told);
}

static void *waits(void *arg)
{
    pthread_cleanup_push(tell, "c");
    inside = 1;
    for (;;)
        pause();
    pthread_cleanup_pop(0);
    return arg;
}

static void *burns(void *arg)
{
    pthread_cleanup_push(tell, "b");
    for (volatile int i = inside = 1; i;)
        ;
    pthread_cleanup_pop(0);
    return arg;
}

/* A point inside a handler of a signal. */
static void waits_too(int signum)
{
    (void)signum;
    inside = 2;
    for (;;)
        usleep(1000);
}

static pthread_t inside_of(void *(*start)(void *))
{
    inside = 0;
    told[0] = 0;
    pthread_t t = spawn(start, NULL);
    while (!inside)
        usleep(100);
    usleep(3000);
    return t;
}

static void *last(void *main_thread)
{
    void *result;
    CHECK_EQ(pthread_join(*(pthread_t *)main_thread, &result), 0);
    CHECK(result == told);
    OK("main's exit leaves the others, and is joined");
    usleep(10000);
    CHECK(!strcmp(told, "m"));
    OK("the last thread's end is the process's, with status 0");
    return &told;
}

int main(void)
{
    static pthread_t self;
    cancel_net();
    int n = 20;
    CHECK(join(spawn(deep, &n)) == &n);
    OK("from deep frames");

    CHECK_EQ(pthread_key_create(&key, exits), 0);
    pthread_t t = spawn(sets_key, &n);
    join(t);
    CHECK(!strcmp(told, "d"));
    OK("from a key's destructor");

    signal(SIGUSR1, on_signal);
    for (int i = 0; i < 20; i++) {
        t = inside_of(i % 2 ? burns : waits);
        CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
        CHECK(join(t) == told);
        CHECK(!strcmp(told, i % 2 ? "b" : "c"));
    }
    OK("from a signal handler, over a wait and over a loop");

    signal(SIGUSR2, waits_too);
    for (int i = 0; i < 20; i++) {
        t = inside_of(i % 2 ? burns : waits);
        CHECK_EQ(pthread_kill(t, SIGUSR2), 0);
        while (inside != 2)
            usleep(100);
        CHECK_EQ(pthread_cancel(t), 0);
        CHECK(join(t) == PTHREAD_CANCELED);
        CHECK(!strcmp(told, i % 2 ? "b" : "c"));
    }
    OK("a cancellation in a signal handler");

    told[0] = 0;
    self = pthread_self();
    spawn(last, &self);
    pthread_cleanup_push(tell, "m");
    pthread_exit(told);
    pthread_cleanup_pop(0);
}
