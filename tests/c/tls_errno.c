/* errno is each thread's own: set before a wait it is there after it, whatever
 * other threads do meanwhile, and its address never changes. */
#include "thread.h"

enum { THREADS = 100, ROUNDS = 20 };

static void *thread(void *arg)
{
    int mine = 1 + (int)(long)arg;
    int *where = &errno;
    CHECK_EQ(errno, 0);
    for (int i = 0; i < ROUNDS; i++) {
        errno = mine;
        if (i % 5 == 0)
            sleep_ms(1);
        else
            sched_yield();
        CHECK_EQ(errno, mine);
        CHECK_ERRNO(close(-1), EBADF);
        CHECK_ERRNO((int)lseek(0, -1, 77), EINVAL);
        CHECK(&errno == where);
    }
    errno = mine; /* must not be what the next thread starts with */
    return where;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    errno = ENOTRECOVERABLE;
    for (int life = 0; life < 2; life++) {
        for (long i = 0; i < THREADS; i++)
            t[i] = spawn(thread, (void *)i);
        for (int i = 0; i < THREADS; i++)
            CHECK(join(t[i]) != (void *)&errno);
    }
    CHECK_EQ(errno, ENOTRECOVERABLE);
    OK("errno of %d threads and of main", THREADS);
    most_parked("time", 2 * THREADS * (ROUNDS / 5));
    return 0;
}
