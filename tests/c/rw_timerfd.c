/* A timerfd read waits until the timer expires and tells how often it did. Must
 * not change: never before its time; a timer that is set anew while a thread
 * waits moves the wait; TFD_NONBLOCK answers EAGAIN. */
#include "asleep.h"
#include <sys/timerfd.h>

static int fd;
static struct gate gate;

static void set(long ms, long interval)
{
    struct itimerspec when = {{interval / 1000, interval % 1000 * 1000000},
                              {ms / 1000, ms % 1000 * 1000000}};
    CHECK_EQ(timerfd_settime(fd, 0, &when, NULL), 0);
}

static void *once(void *arg)
{
    uint64_t n;
    enter(&gate);
    CHECK_EQ(read(fd, &n, sizeof n), sizeof n);
    CHECK_EQ(n, 1);
    return arg;
}

static void *periodic(void *arg)
{
    uint64_t n, total = 0;
    int64_t start = now_ns();
    set(2, 2);
    while (total < 10) {
        CHECK_EQ(read(fd, &n, sizeof n), sizeof n);
        CHECK(n >= 1);
        total += n;
    }
    CHECK(now_ns() - start >= (int64_t)total * 2000000);
    return arg;
}

int main(void)
{
    uint64_t n;
    alarm(20);
    fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    CHECK_ERRNO(read(fd, &n, sizeof n), EAGAIN);
    fd = timerfd_create(CLOCK_MONOTONIC, 0);
    int64_t start = now_ns();
    set(30, 0);
    join(spawn(once, NULL));
    CHECK(now_ns() - start >= 29 * 1000000);
    OK("a read waits for the timer, and gets one");

    set(3600 * 1000, 0);
    gate_open(&gate, "rw");
    pthread_t t = spawn(once, NULL);
    until_asleep(&gate, 1);
    set(5, 0);
    join(t);
    must_have_parked("rw", 1);
    OK("a timer set anew while a thread waits ends the wait");
    join(spawn(periodic, NULL));
    OK("a periodic timer: no expiry lost, none early");
}
