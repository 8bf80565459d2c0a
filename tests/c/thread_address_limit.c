/* Under a limit of addresses (RLIMIT_AS) threads take what their stacks are, and
 * little more: as many as fit can be made, first of all and again when others
 * have ended. */
#include "thread.h"
#include <semaphore.h>
#include <sys/resource.h>

enum { THREADS = 20, STACK_KB = 8 << 10, ROOM_KB = 16 << 10 };
static sem_t go_on;

static void *waits(void *arg)
{
    CHECK_EQ(sem_wait(&go_on), 0);
    return arg;
}

static void all_at_once(int n, long size_kb)
{
    pthread_t t[THREADS];
    pthread_attr_t a;
    CHECK_EQ(pthread_attr_init(&a), 0);
    CHECK_EQ(pthread_attr_setstacksize(&a, (size_t)size_kb << 10), 0);
    for (int i = 0; i < n; i++)
        CHECK_EQ(pthread_create(&t[i], &a, waits, NULL), 0);
    for (int i = 0; i < n; i++)
        CHECK_EQ(sem_post(&go_on), 0);
    for (int i = 0; i < n; i++)
        join(t[i]);
    OK("%d threads of %ld KiB", n, size_kb);
}

int main(void)
{
    SAFETY_NET();
    sem_init(&go_on, 0, 0);
    rlim_t limit = (rlim_t)(status_kb("VmSize") + THREADS * (STACK_KB + 4) + ROOM_KB) << 10;
    CHECK_EQ(setrlimit(RLIMIT_AS, &(struct rlimit){limit, limit}), 0);
    for (int i = 0; i < 3; i++)
        all_at_once(THREADS, STACK_KB);
    return 0;
}
