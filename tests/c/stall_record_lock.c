/* alone */
/* Threads in fcntl(F_SETLKW) and lockf(), for a record that another process
 * has locked, hold nobody up. */
#include "file_lock.h"
#include "ticker.h"

static int record(int fd)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10};
    return fcntl(fd, F_SETLK, &l);
}

static void *locks(void *arg)
{
    int fd = open(locked_file, O_RDWR);
    struct flock l = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 10};
    CHECK(fd >= 0);
    CHECK_EQ(fcntl(fd, F_SETLKW, &l), 0);
    CHECK_EQ(lockf(fd, F_LOCK, 5), 0);
    /* Not closed: that would give up the locks of the whole process. */
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pid_t pid = hold_elsewhere(record, 300);
    int64_t start = now_ms();
    ticker_start();
    beside_ticker(4, locks, NULL);
    CHECK(now_ms() - start >= 200);
    ticker_finish();
    gone(pid);
    return 0;
}
