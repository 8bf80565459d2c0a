/* Sleeps with bad arguments fail at once: nanosleep with errno, clock_nanosleep
 * with its return value. Must not change: errno stays when clock_nanosleep
 * fails; the clock of the calling thread is EINVAL, as POSIX has it. */
#include "util.h"

static struct timespec *volatile nowhere = (struct timespec *)8;

static void *story(void *arg)
{
    struct timespec bad[] = {{0, -1}, {0, 1000000000}, {-1, 0}, {-5, 5}};
    struct timespec ok = {0, 1};
    for (int i = 0; i < 4; i++) {
        CHECK_ERRNO(nanosleep(&bad[i], NULL), EINVAL);
        errno = 1234;
        CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &bad[i], NULL), EINVAL);
        CHECK_EQ(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &bad[i], NULL), EINVAL);
        CHECK_EQ(errno, 1234);
    }
    CHECK_ERRNO(nanosleep(nowhere, NULL), EFAULT);
    errno = 1234;
    CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, nowhere, NULL), EFAULT);
    CHECK_EQ(clock_nanosleep(12345, 0, &ok, NULL), EINVAL);
    CHECK_EQ(clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &ok, NULL), EINVAL);
    CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC_COARSE, 0, &ok, NULL), ENOTSUP);
    CHECK_EQ(errno, 1234);
    return arg;
}

int main(void)
{
    alarm(20);
    story(NULL);
    OK("main: bad arguments fail as they should");
    join(spawn(story, NULL));
    OK("a thread: the same");
}
