/* select changes its sets to what is ready and counts bits, not descriptors;
 * words from nfds on are left alone; a closed descriptor is EBADF and then the
 * sets stay. Must not change: the time-out's rest is not more than it was. */
#include "asleep.h"
#include <sys/select.h>

static int a[2], b[2];
static struct gate gate;

static void *story(void *arg)
{
    fd_set r, w, x;
    struct timeval tv = {60, 0};
    int top = b[1] + 1;
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_ZERO(&x);
    FD_SET(a[0], &r);
    FD_SET(b[0], &r);
    FD_SET(a[0], &x);
    FD_SET(top + 3, &r);
    FD_SET(500, &r);
    enter(&gate);
    CHECK_EQ(select(top, &r, &w, &x, &tv), 1);
    CHECK(FD_ISSET(a[0], &r) && !FD_ISSET(b[0], &r) && !FD_ISSET(a[0], &x));
    CHECK(!FD_ISSET(top + 3, &r)); /* the kernel copies whole words, */
    CHECK(FD_ISSET(500, &r));      /* and leaves those it was not given */
    CHECK(tv.tv_sec < 60 && tv.tv_sec >= 30);
    OK("a wait: the ready one stays set, the time that is left is told");

    FD_ZERO(&r);
    for (int fd = 0; fd < 2; fd++) {
        FD_SET(fd ? a[0] : b[0], &r);
        FD_SET(fd ? a[0] : b[0], &w);
    }
    CHECK_EQ(select(top, &r, &w, NULL, NULL), 3);
    CHECK(FD_ISSET(a[0], &r) && FD_ISSET(a[0], &w) && FD_ISSET(b[0], &w));
    CHECK(!FD_ISSET(b[0], &r));
    OK("the count is of bits");

    FD_ZERO(&r);
    FD_SET(a[0], &r);
    FD_SET(60, &r); /* numbers past the kernel's table are not looked at */
    close(60);
    CHECK_ERRNO(select(61, &r, NULL, NULL, NULL), EBADF);
    CHECK(FD_ISSET(a[0], &r) && FD_ISSET(60, &r));
    FD_CLR(60, &r);
    CHECK_EQ(select(61, &r, NULL, NULL, NULL), 1);
    CHECK_ERRNO(select(-1, NULL, NULL, NULL, NULL), EINVAL);
    tv = (struct timeval){-1, 0};
    CHECK_ERRNO(select(0, NULL, NULL, NULL, &tv), EINVAL);
    CHECK_ERRNO(pselect(0, NULL, NULL, NULL, &(struct timespec){0, -1}, NULL), EINVAL);
    OK("closed ones and bad arguments");
    return arg;
}

int main(void)
{
    alarm(20);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
    gate_open(&gate, "select");
    pthread_t t = spawn(story, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(write(a[1], "x", 1), 1);
    join(t);
    must_have_parked("select", 1);
}
