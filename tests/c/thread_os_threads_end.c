/* time: 60 */
/* OS threads that a burst of blocking calls has needed end when nothing needs
 * them any more; the next burst gets as many again. */
#include "file_lock.h"
#include "os_threads.h"
#include "thread.h"
#include <sys/file.h>

enum { THREADS = 60, FEW = 12 };

static int exclusive(int fd) { return flock(fd, LOCK_EX); }

static void *locks(void *arg)
{
    int fd = open(locked_file, O_RDWR);
    CHECK(fd >= 0);
    CHECK_EQ(flock(fd, LOCK_SH), 0);
    close(fd);
    return arg;
}

static void burst(void)
{
    pthread_t t[THREADS];
    pid_t pid = hold_elsewhere(exclusive, 1500);
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(locks, NULL);
    for (int64_t end = now_ms() + 1200; os_threads() < THREADS && now_ms() < end;)
        sleep_ms(5);
    CHECK(os_threads() >= THREADS);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    gone(pid);
    OK("%d threads blocked", THREADS);
}

int main(void)
{
    SAFETY_NET();
    int workers = preloaded() ? (int)iopatch_counter("workers") : 0;
    for (int i = 0; i < 2; i++) {
        memcpy(locked_file + sizeof locked_file - 7, "XXXXXX", 6); /* anew */
        burst();
        for (int64_t end = now_ms() + 12000; now_ms() < end; sleep_ms(50))
            if (os_threads() <= workers + FEW)
                break;
        CHECK(os_threads() <= workers + FEW);
        OK("few are left");
    }
    return 0;
}
