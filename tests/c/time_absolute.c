/* timed */
/* clock_nanosleep with TIMER_ABSTIME sleeps until a moment, on the realtime and
 * on the monotonic clock; a moment that is past returns at
 * once. Must not change: it returns errors and leaves errno alone. */
#include "util.h"

static void *story(void *arg)
{
    static const clockid_t clock[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME};
    errno = 1234;
    for (int i = 0; i < 3; i++) {
        struct timespec until = in_ms(clock[i], 30), now, copy = until;
        CHECK_EQ(clock_nanosleep(clock[i], TIMER_ABSTIME, &until, NULL), 0);
        clock_gettime(clock[i], &now);
        CHECK(now.tv_sec > until.tv_sec ||
              (now.tv_sec == until.tv_sec && now.tv_nsec >= until.tv_nsec));
        CHECK(memcmp(&until, &copy, sizeof until) == 0);

        int64_t start = now_ns();
        CHECK_EQ(clock_nanosleep(clock[i], TIMER_ABSTIME, &until, NULL), 0);
        for (int s = 0; s < 3; s++) {
            struct timespec past = {s, s * 499999999};
            CHECK_EQ(clock_nanosleep(clock[i], TIMER_ABSTIME, &past, NULL), 0);
        }
        CHECK(now_ns() - start < 5000000000LL);
    }
    CHECK_EQ(errno, 1234);
    return arg;
}

int main(void)
{
    alarm(20);
    story(NULL);
    OK("main: absolute moments on three clocks");
    join(spawn(story, NULL));
    must_have_parked("time", 3);
    OK("a thread: the same");
}
