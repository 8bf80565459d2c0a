/* select looks at no number past the end of the kernel's table of descriptors,
 * nor at the memory there: `n` may be getdtablesize(), and the sets short. Must
 * not change: a number in the table that is not open is EBADF. */
#include "util.h"
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/timerfd.h>

static char *edge; /* the first byte after the last page */
static int end[2];

static void *story(void *arg)
{
    fd_set *set = (void *)(edge - sizeof *set);
    struct timespec zero = {0};
    for (int way = 0; way < 3; way++) {
        struct timeval tv = {0, way * 1000};
        errno = 77;
        FD_ZERO(set);
        FD_SET(end[0], set);
        FD_SET(1000, set);
        if (way < 2)
            CHECK_EQ(select(getdtablesize(), set, NULL, NULL, &tv), 0);
        else
            CHECK_EQ(pselect(getdtablesize(), NULL, set, NULL, &zero, NULL), 0);
        CHECK_EQ(errno, 77);
    }
    OK("past the end of the table nothing is looked at");
    FD_ZERO(set);
    FD_SET(63, set);
    CHECK_ERRNO(select(64, set, NULL, NULL, NULL), EBADF);
    OK("in the table EBADF");
    return arg;
}

/* A number that no hook sees being made moves the end of the table. */
static void *high(void *arg)
{
    struct itimerspec soon = {.it_value = {0, 1000000}};
    fd_set set;
    int fd;
    while ((fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) < 900)
        CHECK(fd >= 0);
    CHECK_EQ(timerfd_settime(fd, 0, &soon, NULL), 0);
    FD_ZERO(&set);
    FD_SET(fd, &set);
    CHECK_EQ(select(fd + 1, &set, NULL, NULL, NULL), 1);
    CHECK(FD_ISSET(fd, &set));
    OK("a high number is waited for");
    return arg;
}

int main(void)
{
    alarm(20);
    struct rlimit files;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max < 100000 ? files.rlim_max : 100000;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
    edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(edge != MAP_FAILED);
    edge += 4096;
    CHECK_EQ(mprotect(edge, 4096, PROT_NONE), 0);
    CHECK_EQ(pipe(end), 0);
    join(spawn(story, NULL));
    story(NULL);
    join(spawn(high, NULL));
}
