/* When a thread ends, each key's destructor gets the thread's value, in the
 * order of the keys, the value being NULL by then; values set by destructors
 * are destroyed in further rounds, 4 in all. */
#include "thread.h"

static pthread_key_t first, second, stubborn, null;
static char story[256];
static int rounds;

static void tell(const char *what, pthread_key_t key, void *value)
{
    CHECK(pthread_getspecific(key) == NULL);
    sprintf(story + strlen(story), "%s=%s ", what, (char *)value);
}

static void end_first(void *v) { tell("first", first, v); }

static void end_second(void *v)
{
    tell("second", second, v);
    if (!strcmp(v, "2")) /* for the next round, in the key before this one */
        CHECK_EQ(pthread_setspecific(first, "again"), 0);
}

static void end_stubborn(void *v)
{
    rounds++;
    CHECK_EQ(pthread_setspecific(stubborn, v), 0);
}

static void end_null(void *v)
{
    (void)v;
    CHECK(!"never called: the value is NULL");
}

static void *thread(void *arg)
{
    CHECK(pthread_getspecific(first) == NULL);
    CHECK_EQ(pthread_setspecific(second, "2"), 0);
    CHECK_EQ(pthread_setspecific(first, "1"), 0);
    CHECK_EQ(pthread_setspecific(stubborn, arg), 0);
    CHECK_EQ(pthread_setspecific(null, arg), 0);
    sleep_ms(2);
    CHECK(!strcmp(pthread_getspecific(first), "1"));
    CHECK_EQ(pthread_setspecific(null, NULL), 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    CHECK_EQ(pthread_key_create(&first, end_first), 0);
    CHECK_EQ(pthread_key_create(&second, end_second), 0);
    CHECK_EQ(pthread_key_create(&stubborn, end_stubborn), 0);
    CHECK_EQ(pthread_key_create(&null, end_null), 0);
    join(spawn(thread, story));
    OK("%s", story);
    CHECK_EQ(rounds, PTHREAD_DESTRUCTOR_ITERATIONS);
    OK("%d rounds", rounds);
    /* The next thread may have the same memory; its values are its own. */
    story[0] = 0;
    join(spawn(thread, story));
    OK("again: %s", story);
    most_parked("time", 2);
    return 0;
}
