/* A descriptor of a place in the file system (O_PATH) is ready to select; one
 * that is not open is EBADF. */
#include "util.h"
#include <sys/select.h>

static void *of_place(void *arg)
{
    int fd = open("/", O_PATH);
    fd_set in, out;
    FD_ZERO(&in);
    FD_SET(fd, &in);
    out = in;
    CHECK_EQ(select(fd + 1, &in, &out, NULL, NULL), 2);
    CHECK(FD_ISSET(fd, &in) && FD_ISSET(fd, &out));
    close(fd);
    CHECK_ERRNO(select(fd + 1, &in, NULL, NULL, NULL), EBADF);
    return arg;
}

int main(void)
{
    alarm(20);
    join(spawn(of_place, NULL));
    OK("a place is ready, a closed number is EBADF");
}
