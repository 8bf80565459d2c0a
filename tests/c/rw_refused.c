/* What an eventfd at its maximum takes or refuses without a wait: nothing is
 * added, all bits are no number, and neither are four bytes. */
#include "util.h"
#include <sys/eventfd.h>

static void *volatile nowhere = (void *)16;

static void *at_maximum(void *arg)
{
    int fd = eventfd(0, 0);
    CHECK_EQ(eventfd_write(fd, UINT64_MAX - 1), 0);
    CHECK_EQ(eventfd_write(fd, 0), 0);
    CHECK_ERRNO(eventfd_write(fd, UINT64_MAX), EINVAL);
    CHECK_ERRNO(write(fd, "four", 4), EINVAL);
    CHECK_ERRNO(write(fd, nowhere, 8), EFAULT);
    return arg;
}

int main(void)
{
    alarm(20);
    join(spawn(at_maximum, NULL));
    OK("an eventfd at its maximum");
}
