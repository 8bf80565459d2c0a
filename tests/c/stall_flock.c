/* alone */
/* Threads in flock(), for a file that another process holds, hold nobody up,
 * and get the lock one after the other. */
#include "file_lock.h"
#include "ticker.h"
#include <sys/file.h>

static atomic_int inside;

static int exclusive(int fd) { return flock(fd, LOCK_EX); }

static void *locks(void *arg)
{
    int fd = open(locked_file, O_RDWR);
    CHECK(fd >= 0);
    CHECK_ERRNO(flock(fd, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    CHECK_EQ(flock(fd, LOCK_EX), 0);
    CHECK_EQ(++inside, 1);
    sleep_ms(5);
    CHECK_EQ(--inside, 0);
    CHECK_EQ(flock(fd, LOCK_UN), 0);
    close(fd);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pid_t pid = hold_elsewhere(exclusive, 300);
    ticker_start();
    beside_ticker(4, locks, NULL);
    ticker_finish();
    gone(pid);
    return 0;
}
