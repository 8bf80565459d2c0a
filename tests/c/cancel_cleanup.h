/* What two programs claim of cleanup handlers, each by its compiler's own kind
 * of them. */
#include "cancel.h"
#include "thread.h"
#include <stdarg.h>

static char told[256];
static pthread_key_t key;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int fds[2];
static atomic_int inside;

static void tell(void *text) { strcat(told, text); }

/* A handler that waits itself: no point acts again. */
static void tell_and_wait(void *text)
{
    char c;
    strcat(told, "<");
    usleep(2000);
    pthread_testcancel();
    CHECK_EQ(write(fds[1], "x", 1), 1);
    CHECK_EQ(read(fds[0], &c, 1), 1);
    CHECK_EQ(pthread_cancel(pthread_self()), 0);
    CHECK_EQ(pthread_mutex_lock(&mutex), 0);
    CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
    strcat(told, text);
    strcat(told, ">");
}

static void key_ends(void *text)
{
    int old;
    strcat(told, text);
    /* A destructor of a key may wait, too. */
    usleep(1000);
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
    pthread_testcancel();
    strcat(told, ".");
}

static __attribute__((noinline)) void deeper(int n)
{
    pthread_cleanup_push(tell, n % 2 ? "1" : "0");
    if (n == 0) {
        inside = 1;
        pause();
    } else {
        deeper(n - 1);
    }
    pthread_cleanup_pop(0);
}

static void *nested(void *arg)
{
    pthread_setspecific(key, "k");
    pthread_cleanup_push(tell, "a");
    pthread_cleanup_push(tell, "b");
    pthread_cleanup_push(tell, "!");
    pthread_cleanup_pop(1);
    pthread_cleanup_push(tell, "no");
    pthread_cleanup_pop(0);
    pthread_cleanup_push(tell_and_wait, "w");
    deeper(4);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return arg;
}

static void *exits(void *arg)
{
    pthread_setspecific(key, "k");
    pthread_cleanup_push(tell, "a");
    pthread_cleanup_push(tell_and_wait, "b");
    pthread_exit(arg);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
}

/* By setjmp's kind it would run itself again, until the stack is full. */
#ifdef __EXCEPTIONS
static void exits_again(void *value)
{
    strcat(told, "e");
    pthread_exit(value);
}

static void *exits_in_handler(void *arg)
{
    pthread_cleanup_push(tell, "a");
    pthread_cleanup_push(exits_again, &told[1]);
    pthread_cleanup_push(tell, "b");
    pthread_exit(&told[0]);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return arg;
}
#endif

static void held(void *text)
{
    /* The mutex is this thread's. */
    CHECK_EQ(pthread_mutex_trylock(&mutex), EBUSY);
    strcat(told, text);
    CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
}

static void *waits_for_cond(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&mutex), 0);
    pthread_cleanup_push(held, "held");
    inside = 1;
    for (;;)
        pthread_cond_wait(&cond, &mutex);
    pthread_cleanup_pop(0);
    return arg;
}

static void check(const char *what, const char *want)
{
    if (strcmp(told, want))
        dprintf(2, "%s: told %s, want %s\n", what, told, want);
    CHECK(!strcmp(told, want));
    told[0] = 0;
    inside = 0;
    OK("%s", what);
}

int main(void)
{
    cancel_net();
    CHECK_EQ(pipe(fds), 0);
    CHECK_EQ(pthread_key_create(&key, key_ends), 0);

    pthread_t t = spawn(nested, NULL);
    while (!inside)
        usleep(100);
    usleep(5000);
    CHECK_EQ(pthread_cancel(t), 0);
    CHECK(join(t) == PTHREAD_CANCELED);
    check("handlers run from the innermost on, may wait, and the keys' after them", "!01010<w>bak.");

    CHECK(join(spawn(exits, &key)) == &key);
    check("pthread_exit runs them as well", "<b>ak.");

#ifdef __EXCEPTIONS
    CHECK(join(spawn(exits_in_handler, NULL)) == &told[1]);
    check("a handler that exits changes the result, the others run once", "bea");
#endif

    for (int i = 0; i < 50; i++) {
        told[0] = 0, inside = 0;
        t = spawn(waits_for_cond, NULL);
        while (!inside)
            usleep(100);
        /* Cancelled while another holds the mutex: it must wait for it. */
        pthread_mutex_lock(&mutex);
        CHECK_EQ(pthread_cancel(t), 0);
        if (i % 5 == 0)
            usleep(3000);
        CHECK(told[0] == 0);
        pthread_mutex_unlock(&mutex);
        CHECK(join(t) == PTHREAD_CANCELED);
        CHECK_EQ(pthread_mutex_trylock(&mutex), 0);
        pthread_mutex_unlock(&mutex);
    }
    check("the mutex is held again in the handlers of who waits for a condition", "held");
    return 0;
}
