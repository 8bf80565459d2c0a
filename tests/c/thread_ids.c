/* getpid is the same in all threads; gettid differs in each, does not change
 * however long the thread lives, and in main is getpid. */
#include "thread.h"
#include <sys/syscall.h>

enum { THREADS = 64 };
static pid_t tid[THREADS];
static pthread_barrier_t all;

static void *thread(void *arg)
{
    long i = (long)arg;
    tid[i] = gettid();
    pthread_t self = pthread_self();
    for (int k = 0; k < 20; k++) {
        k % 4 ? (void)sched_yield() : sleep_ms(1);
        CHECK_EQ(gettid(), tid[i]);
        CHECK_EQ(syscall(SYS_gettid), tid[i]);
        CHECK(pthread_equal(pthread_self(), self));
    }
    pthread_barrier_wait(&all);
    return (void *)(long)getpid();
}

int main(void)
{
    SAFETY_NET();
    CHECK_EQ(gettid(), getpid());
    OK("main's gettid is getpid");
    pthread_t t[THREADS];
    pthread_barrier_init(&all, NULL, THREADS);
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(thread, (void *)i);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ((long)join(t[i]), getpid());
    OK("one process");
    for (int i = 0; i < THREADS; i++) {
        CHECK(tid[i] > 0 && tid[i] != getpid());
        for (int k = 0; k < i; k++)
            CHECK(tid[i] != tid[k]);
    }
    OK("%d distinct ids that never changed", THREADS);
    CHECK_EQ(gettid(), getpid());
    most_parked("time", 5 * THREADS);
    return 0;
}
