/* Regular files and /dev/null never wait: read, write, readv, writev, preadv2,
 * pwritev2 in a thread give what they give in main, offsets included. Must not
 * change: the shared offset, O_APPEND, EOF, and errno of bad calls. */
#include "util.h"
#include <sys/mman.h>
#include <sys/uio.h>

static void *story(void *arg)
{
    char a[4], b[8];
    struct iovec in[2] = {{a, 4}, {b, 8}};
    struct iovec out[2] = {{"abcd", 4}, {"efgh", 4}};
    int fd = memfd_create("f", 0);

    CHECK_EQ(write(fd, "0123", 4), 4);
    CHECK_EQ(writev(fd, out, 2), 8);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 12);
    CHECK_EQ(pwritev2(fd, out, 1, 2, 0), 4);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 12);
    CHECK_EQ(pwritev2(fd, out, 1, -1, 0), 4);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 16);
    CHECK_EQ(pwritev2(fd, out, 1, 0, RWF_APPEND), 4);
    OK("offsets of write, writev and pwritev2");

    CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
    CHECK_EQ(readv(fd, in, 2), 12);
    CHECK(memcmp(a, "01ab", 4) == 0 && memcmp(b, "cdcdefgh", 8) == 0);
    CHECK_EQ(preadv2(fd, in, 2, 16, 0), 4);
    CHECK(memcmp(a, "abcd", 4) == 0);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 12);
    CHECK_EQ(preadv2(fd, in, 2, -1, 0), 8);
    CHECK_EQ(read(fd, a, 4), 0);
    CHECK_ERRNO(preadv2(fd, in, 2, 0, 0x40000000), EOPNOTSUPP);
    OK("offsets of read, readv and preadv2, and the end");

    int ro = open("/dev/null", O_RDONLY), dir = open("/", O_RDONLY);
    CHECK_EQ(read(ro, a, 4), 0);
    CHECK_ERRNO(write(ro, a, 4), EBADF);
    CHECK_ERRNO(read(dir, a, 4), EISDIR);
    OK("bad calls fail with their errno");
    close(fd), close(ro), close(dir);
    return arg;
}

int main(void)
{
    alarm(20);
    story(NULL);
    join(spawn(story, NULL));
}
