/* A FIFO that is opened by its handle waits for its other end, as by its name;
 * a handle of no file is ESTALE, and no descriptor. */
#include "thread.h"
#include <sys/stat.h>

static char name[64];
static union {
    struct file_handle handle;
    char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
} its = {.handle.handle_bytes = MAX_HANDLE_SZ};

static void *reads(void *arg)
{
    char c;
    int fd = open_by_handle_at(AT_FDCWD, &its.handle, O_RDONLY);
    CHECK(fd >= 0);
    CHECK_EQ(read(fd, &c, 1), 1);
    CHECK_EQ(c, 'x');
    CHECK_EQ(read(fd, &c, 1), 0);
    CHECK_EQ(close(fd), 0);
    return arg;
}

static void *writes(void *arg)
{
    int fd = open(name, O_WRONLY);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, "x", 1), 1);
    CHECK_EQ(close(fd), 0);
    return arg;
}

/* Not every file system has handles, nor every user the right to use them. */
static int is_allowed(void)
{
    int mount, fd;
    if (name_to_handle_at(AT_FDCWD, name, &its.handle, &mount, 0) == -1)
        return 0;
    fd = open_by_handle_at(AT_FDCWD, &its.handle, O_PATH);
    return fd >= 0 && close(fd) == 0;
}

int main(void)
{
    SAFETY_NET();
    snprintf(name, sizeof name, "/tmp/iopatch-handle-%d", getpid());
    CHECK_EQ(mkfifo(name, 0600), 0);
    if (is_allowed()) {
        pthread_t reader = spawn(reads, NULL);
        join(spawn(writes, NULL));
        join(reader);
        memset(its.handle.f_handle, 0xff, its.handle.handle_bytes);
        CHECK_ERRNO(open_by_handle_at(AT_FDCWD, &its.handle, O_RDONLY), ESTALE);
    }
    CHECK_EQ(unlink(name), 0);
    OK("by its handle as by its name");
    return 0;
}
