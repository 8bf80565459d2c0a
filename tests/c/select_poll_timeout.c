/* poll, ppoll, select and pselect time out after their time and never before
 * it; zero asks without waiting. Must not change: Linux select() writes the
 * time that is left into its argument, pselect() and ppoll() leave theirs. */
#include "util.h"
#include <sys/select.h>

static int p[2];

static void *story(void *arg)
{
    struct pollfd pfd = {.fd = p[0], .events = POLLIN, .revents = -1};
    struct timespec ts = {0, 30 * 1000000}, zero = {0, 0};
    struct timeval tv = {0, 30000};
    fd_set set;

    int64_t start = now_ns();
    CHECK_EQ(poll(&pfd, 1, 30), 0);
    CHECK(now_ns() - start >= 30 * 1000000);
    CHECK_EQ(pfd.revents, 0);
    start = now_ns();
    CHECK_EQ(poll(NULL, 0, 30), 0);
    CHECK(now_ns() - start >= 30 * 1000000);
    start = now_ns();
    CHECK_EQ(ppoll(&pfd, 1, &ts, NULL), 0);
    CHECK(now_ns() - start >= 30 * 1000000);
    CHECK_EQ(ts.tv_nsec, 30 * 1000000);
    OK("poll and ppoll");

    FD_ZERO(&set);
    FD_SET(p[0], &set);
    start = now_ns();
    CHECK_EQ(select(p[0] + 1, &set, NULL, NULL, &tv), 0);
    CHECK(now_ns() - start >= 30 * 1000000);
    CHECK(!FD_ISSET(p[0], &set));
    CHECK_EQ(tv.tv_sec, 0);
    CHECK_EQ(tv.tv_usec, 0);
    FD_SET(p[0], &set);
    start = now_ns();
    CHECK_EQ(pselect(p[0] + 1, &set, NULL, NULL, &ts, NULL), 0);
    CHECK(now_ns() - start >= 30 * 1000000);
    CHECK_EQ(ts.tv_nsec, 30 * 1000000);
    CHECK(!FD_ISSET(p[0], &set));
    OK("select and pselect");

    for (int i = 0; i < 100; i++) {
        tv = (struct timeval){0, 0};
        FD_SET(p[0], &set);
        CHECK_EQ(poll(&pfd, 1, 0), 0);
        CHECK_EQ(ppoll(&pfd, 1, &zero, NULL), 0);
        CHECK_EQ(select(p[0] + 1, &set, NULL, NULL, &tv), 0);
    }
    OK("zero asks without waiting");

    tv = (struct timeval){0, 30000};
    start = now_ns();
    CHECK_EQ(select(0, NULL, NULL, NULL, &tv), 0);
    CHECK(now_ns() - start >= 30 * 1000000);
    start = now_ns();
    CHECK_EQ(pselect(0, NULL, NULL, NULL, &ts, NULL), 0);
    CHECK(now_ns() - start >= 30 * 1000000);
    OK("without descriptors they are sleeps");
    return arg;
}

int main(void)
{
    alarm(20);
    CHECK_EQ(pipe(p), 0);
    join(spawn(story, NULL));
    must_have_parked("select", 7);
}
