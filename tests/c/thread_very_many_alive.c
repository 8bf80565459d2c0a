/* time: 60 */
/* 40,000 threads alive at a time under the library (2,000 in a bare run), with
 * stacks of 64 KiB: more than Linux gives a process mappings for, were each stack
 * one with its guard. Meanwhile the program can map memory and fork. When every
 * other one has ended, as many are made again. */
#include "thread.h"
#include <semaphore.h>
#include <sys/mman.h>

enum { MOST = 40000 };
static pthread_t t[MOST];
static sem_t here, go_on;

static void *waits(void *arg)
{
    volatile char used[3000];
    used[0] = 1;
    CHECK_EQ(sem_post(&here), 0);
    CHECK_EQ(sem_wait(&go_on), 0);
    return (char *)arg + used[0];
}

static void make(int from, int to, int step)
{
    pthread_attr_t a;
    CHECK_EQ(pthread_attr_init(&a), 0);
    CHECK_EQ(pthread_attr_setstacksize(&a, 64 << 10), 0);
    for (int i = from; i < to; i += step)
        CHECK_EQ(pthread_create(&t[i], &a, waits, (void *)(intptr_t)i), 0);
    for (int i = from; i < to; i += step)
        CHECK_EQ(sem_wait(&here), 0);
}

static void program_goes_on(void)
{
    for (int i = 0; i < 100; i++)
        CHECK(mmap(NULL, 8192, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    CHECK(child > 0);
    CHECK_EQ(waitpid(child, NULL, 0), child);
}

int main(void)
{
    alarm(55);
    int n = preloaded() ? MOST : 2000;
    make(0, n, 1);
    program_goes_on();
    OK("all are alive");
    for (int i = 0; i < n; i++)
        CHECK_EQ(sem_post(&go_on), 0);
    for (int i = 0; i < n; i += 2)
        CHECK_EQ((intptr_t)join(t[i]), i + 1);
    program_goes_on();
    make(0, n, 2);
    program_goes_on();
    OK("as many again");
    for (int i = 0; i < n; i += 2)
        CHECK_EQ(sem_post(&go_on), 0);
    for (int i = 0; i < n; i++)
        CHECK_EQ((intptr_t)join(t[i]), i + 1);
    OK("all have ended");
    return 0;
}
