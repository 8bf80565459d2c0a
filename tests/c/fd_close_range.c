/* close_range and closefrom close what the program opened and nothing that it
 * did not, with and without CLOSE_RANGE_CLOEXEC; then sockets, timers, threads
 * work as before. Must not change: return values, EINVAL, descriptors below. */
#include "asleep.h"
#include <linux/close_range.h>

static int end[2];
static struct gate gate;

static void *waiter(void *arg)
{
    char c;
    enter(&gate);
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    return arg;
}

static void sockets_work(void)
{
    tcp_pair(end);
    gate_open(&gate, "socket");
    pthread_t t = spawn(waiter, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    join(t);
    close(end[0]), close(end[1]);
}

static void *story(void *arg)
{
    int base = dup(0);
    for (int i = 1; i < 10; i++)
        CHECK_EQ(dup(0), base + i);
    CHECK_EQ(close_range((unsigned)base + 2, (unsigned)base + 4, 0), 0);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(fcntl(base + i, F_GETFD), i >= 2 && i <= 4 ? -1 : 0);
    CHECK_EQ(close_range((unsigned)base + 6, (unsigned)base + 7, CLOSE_RANGE_CLOEXEC), 0);
    for (int i = 5; i < 10; i++)
        CHECK_EQ(fcntl(base + i, F_GETFD), i == 6 || i == 7 ? FD_CLOEXEC : 0);
    CHECK_ERRNO(close_range(9, 8, 0), EINVAL);
    CHECK_ERRNO(close_range(3, ~0u, 1 << 20), EINVAL);
    OK("close_range closes its range, or marks it");

    CHECK_EQ(close_range((unsigned)base + 1, ~0u, 0), 0);
    CHECK_EQ(fcntl(base, F_GETFD), 0);
    CHECK_EQ(dup(0), base + 1);
    sockets_work();
    OK("close_range to the end of all numbers: sockets and threads work");
    closefrom(base);
    CHECK_EQ(dup(0), base);
    sockets_work();
    sleep_ms(1);
    closefrom(3);
    CHECK_EQ(fcntl(2, F_GETFD), 0);
    OK("closefrom: the same");
    return arg;
}

int main(void)
{
    alarm(20);
    closefrom(3);
    story(NULL);
    join(spawn(story, NULL));
    sockets_work();
    must_have_parked("socket", 5);
    OK("in main and in a thread");
}
