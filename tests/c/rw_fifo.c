/* A named FIFO: open waits for the other side, reads and writes wait, the end
 * comes with the last writer. Must not change: opened with O_NONBLOCK it waits
 * for nothing (ENXIO for a writer without a reader). */
#include "asleep.h"
#include <sys/stat.h>

static char path[64];
static struct gate gate;

static void *reader(void *arg)
{
    char buf[16];
    enter(&gate);
    int fd = open(path, O_RDONLY);
    CHECK(fd >= 0);
    enter(&gate);
    CHECK_EQ(read(fd, buf, sizeof buf), 5);
    CHECK(memcmp(buf, "hello", 5) == 0);
    enter(&gate);
    CHECK_EQ(read(fd, buf, sizeof buf), 0);
    close(fd);
    return arg;
}

static void *writer(void *arg)
{
    static char block[300000];
    int fd = open(path, O_WRONLY);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, block, sizeof block), sizeof block);
    close(fd);
    return arg;
}

int main(void)
{
    static char buf[4096];
    alarm(20);
    snprintf(path, sizeof path, "/tmp/rw_fifo.%d", getpid());
    CHECK_EQ(mkfifo(path, 0600), 0);
    CHECK_ERRNO(open(path, O_WRONLY | O_NONBLOCK), ENXIO);
    OK("a non-blocking writer without a reader: ENXIO");

    gate_open(&gate, "rw");
    pthread_t t = spawn(reader, NULL);
    int fd = open(path, O_WRONLY);
    CHECK(fd >= 0);
    while (gate.n < 2)
        sleep_ms(1);
    sleep_ms(5);
    CHECK_EQ(write(fd, "hello", 5), 5);
    while (gate.n < 3)
        sleep_ms(1);
    sleep_ms(5);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    close(fd);
    join(t);
    OK("open, read and the end of file wait for the writer");

    t = spawn(writer, NULL);
    fd = open(path, O_RDONLY);
    size_t total = 0;
    for (ssize_t n; (n = read(fd, buf, sizeof buf)) > 0; total += (size_t)n)
        ;
    join(t);
    CHECK_EQ(total, 300000);
    unlink(path);
    OK("a write of more than fits waits for the reader");
}
