/* A read of /dev/zero gives all that was asked for, however much. (Asked not
 * to wait, the kernel gives less when another thread wants the CPU.) */
#include "util.h"
#include <sys/uio.h>

static char big[8 << 20];

static void *read_all(void *arg)
{
    int fd = open("/dev/zero", O_RDONLY);
    struct iovec half[2] = {{big, sizeof big / 2}, {big + sizeof big / 2, sizeof big / 2}};
    for (int i = 0; i < 50; i++) {
        CHECK_EQ(read(fd, big, sizeof big), sizeof big);
        CHECK_EQ(readv(fd, half, 2), sizeof big);
    }
    close(fd);
    return arg;
}

int main(void)
{
    pthread_t t[8];
    alarm(60);
    for (int i = 0; i < 8; i++)
        t[i] = spawn(read_all, NULL);
    for (int i = 0; i < 8; i++)
        join(t[i]);
    OK("every read is whole");
}
