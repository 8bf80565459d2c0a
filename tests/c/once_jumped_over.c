/* A pthread_once function without unwind tables that is cancelled, or ends its thread, leaves the job undone: one of
 * those who wait does it instead. Afterwards nothing of it is left on the thread's list of cleanup handlers. */
/* cflags: -fno-exceptions -fno-unwind-tables -fno-asynchronous-unwind-tables */
#include "thread.h"

enum { THREADS = 10, IN_VAIN = 4 };
static pthread_once_t once = PTHREAD_ONCE_INIT, first = PTHREAD_ONCE_INIT;
static atomic_int attempts, cleaned, done;

static void nothing(void) {}

static void half_in_vain(void)
{
    int n = ++attempts;
    sleep_ms(5); /* the others come to wait */
    if (n > IN_VAIN) {
        done++;
        return;
    }
    if (n % 2)
        pthread_exit(NULL);
    pthread_cancel(pthread_self());
    pthread_testcancel();
}

static void clean(void *arg)
{
    *(atomic_int *)arg += 1;
}

static void *comes(void *arg)
{
    pthread_cleanup_push(clean, &cleaned);
    CHECK_EQ(pthread_once(&first, nothing), 0);
    CHECK_EQ(pthread_once(&once, half_in_vain), 0);
    CHECK_EQ(done, 1);
    pthread_cleanup_pop(0);
    pthread_exit(arg);
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    int through = 0;
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(comes, &once);
    for (int i = 0; i < THREADS; i++)
        through += join(t[i]) == &once;
    OK("%d attempts, done %d time, %d through, %d cleaned up", attempts, done, through, cleaned);
    most_parked("time", IN_VAIN);
    return 0;
}
