/* cflags: -Wno-infinite-recursion */
/* A thread's return value, or what it gave pthread_exit, reaches the joiner:
 * of a thread that still runs and of one that ended long ago. */
#include "thread.h"

static int place;

static void *returns(void *arg) { return arg; }

static void *deep(void *arg, int frames)
{
    char pad[128];
    memset(pad, frames, sizeof pad);
    if (frames == 0)
        pthread_exit(arg);
    void *r = deep(arg, frames - 1);
    return pad[5] == (char)frames ? r : NULL;
}

static void *exits(void *arg) { return deep(arg, 100); }

static void *late(void *arg)
{
    sleep_ms(30);
    return arg;
}

static void *joins(void *arg)
{
    return join(*(pthread_t *)arg);
}

int main(void)
{
    SAFETY_NET();
    CHECK(join(spawn(returns, &place)) == &place);
    CHECK(join(spawn(returns, NULL)) == NULL);
    CHECK(join(spawn(returns, (void *)-2L)) == (void *)-2L);
    OK("a returned value");

    CHECK(join(spawn(exits, &place)) == &place);
    OK("a value given to pthread_exit 100 frames deep");

    CHECK(join(spawn(late, &place)) == &place);
    OK("joined before the end");

    pthread_t t = spawn(returns, &place);
    sleep_ms(30);
    CHECK(join(t) == &place);
    OK("joined after the end");

    pthread_t slow = spawn(late, &place);
    CHECK(join(spawn(joins, &slow)) == &place);
    OK("joined by another thread");

    t = spawn(returns, &place);
    CHECK_EQ(pthread_join(t, NULL), 0);
    OK("nobody need take the value");
    most_parked("time", 2);
    must_have_parked("thread", 1);
    return 0;
}
