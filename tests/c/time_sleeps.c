/* timed */
/* sleep, usleep, nanosleep, clock_nanosleep return after their time and not
 * before it, and say that nothing is left. Must not change: the remainder
 * argument is not written when the sleep was not interrupted, nor errno. */
#include "util.h"

static _Thread_local int64_t start;
static void begin(void) { start = now_ns(), errno = 1234; }
static void at_least(long ms)
{
    CHECK_EQ(errno, 1234);
    CHECK(now_ns() - start >= ms * 1000000LL);
    CHECK(now_ns() - start < (ms + 10000) * 1000000LL);
}

static void *story(void *arg)
{
    struct timespec t = {0, 20 * 1000000}, rest = {77, 77};
    begin();
    CHECK_EQ(sleep(1), 0);
    at_least(1000);
    begin();
    CHECK_EQ(usleep(20000), 0);
    at_least(20);
    begin();
    CHECK_EQ(nanosleep(&t, &rest), 0);
    at_least(20);
    begin();
    CHECK_EQ(nanosleep(&t, NULL), 0);
    at_least(20);
    begin();
    CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &rest), 0);
    at_least(20);
    begin();
    CHECK_EQ(clock_nanosleep(CLOCK_REALTIME, 0, &t, &rest), 0);
    at_least(20);
    begin();
    CHECK_EQ(clock_nanosleep(CLOCK_BOOTTIME, 0, &t, &rest), 0);
    at_least(20);
    CHECK(rest.tv_sec == 77 && rest.tv_nsec == 77);
    CHECK(t.tv_sec == 0 && t.tv_nsec == 20 * 1000000);

    begin();
    struct timespec zero = {0, 0};
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(sleep(0), 0);
        CHECK_EQ(usleep(0), 0);
        CHECK_EQ(nanosleep(&zero, NULL), 0);
        CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &zero, NULL), 0);
    }
    at_least(0);
    return arg;
}

int main(void)
{
    alarm(20);
    pthread_t t = spawn(story, NULL);
    story(NULL);
    OK("main: no sleep ends before its time");
    join(t);
    must_have_parked("time", 7);
    OK("a thread: the same");
}
