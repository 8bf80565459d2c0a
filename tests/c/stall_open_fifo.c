/* alone */
/* A thread in open() of a FIFO that nobody writes to yet holds nobody up: it
 * goes on when a second thread opens the other end. */
#include "ticker.h"
#include <sys/stat.h>

static char name[64];

static void *reads(void *arg)
{
    char text[8] = "";
    int fd = open(name, O_RDONLY);
    CHECK(fd >= 0);
    CHECK_EQ(read(fd, text, sizeof text), 5);
    CHECK(!strcmp(text, "hello"));
    CHECK_EQ(read(fd, text, sizeof text), 0);
    close(fd);
    return arg;
}

static void *writes(void *arg)
{
    sleep_ms(150);
    int fd = open(name, O_WRONLY);
    CHECK(fd >= 0);
    sleep_ms(150); /* the reader now waits in read */
    CHECK_EQ(write(fd, "hello", 5), 5);
    close(fd);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    snprintf(name, sizeof name, "/tmp/iopatch-fifo-%d", getpid());
    CHECK_EQ(mkfifo(name, 0600), 0);
    ticker_start();
    pthread_t writer = spawn(writes, NULL);
    beside_ticker(1, reads, NULL);
    join(writer);
    CHECK_EQ(unlink(name), 0);
    ticker_finish();
    return 0;
}
