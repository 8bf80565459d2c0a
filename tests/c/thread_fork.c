/* cflags: -Wno-infinite-recursion */
/* fork in a thread: the child has that thread only, as its main thread, with
 * its stack, TLS, key values and errno; it can make threads, wait and fork
 * again; the handlers of pthread_atfork run in their order. */
#include "thread.h"
#include <semaphore.h>

static __thread int mine = 1;
static pthread_key_t key;
static sem_t never;
static char order[16];

static void note(const char *what) { strcat(order, what); }
static void before1(void) { note("1"); }
static void before2(void) { note("2"); }
static void parent1(void) { note("a"); }
static void parent2(void) { note("b"); }
static void child1(void) { note("x"); }
static void child2(void) { note("y"); }

static void *waits(void *arg)
{
    CHECK_EQ(sem_wait(&never), 0);
    return arg;
}

static void *sleeps(void *arg)
{
    mine++;
    sleep_ms(2);
    CHECK_EQ(mine, 2);
    return arg;
}

static void child(int generation, pthread_t self, int *local)
{
    SAFETY_NET();
    CHECK_EQ(gettid(), getpid());
    CHECK(pthread_equal(pthread_self(), self));
    CHECK_EQ(mine, 7);
    CHECK_EQ(*local, 11);
    CHECK(pthread_getspecific(key) == local);
    pthread_t t[5];
    for (int i = 0; i < 5; i++)
        t[i] = spawn(sleeps, local);
    for (int i = 0; i < 5; i++)
        CHECK(join(t[i]) == local);
    if (generation < 2) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            child(generation + 1, self, local);
        int status;
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK_EQ(status, 0);
    }
    _exit(strncmp(order, "21xy", 4) != 0);
}

static void *forks(void *arg)
{
    int status, local = 11;
    mine = 7;
    CHECK_EQ(pthread_setspecific(key, &local), 0);
    sleep_ms(2); /* it may be elsewhere now */
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        child(0, pthread_self(), &local);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    CHECK(gettid() != getpid());
    return arg;
}

int main(void)
{
    SAFETY_NET();
    sem_init(&never, 0, 0);
    CHECK_EQ(pthread_key_create(&key, NULL), 0);
    CHECK_EQ(pthread_atfork(before1, parent1, child1), 0);
    CHECK_EQ(pthread_atfork(before2, parent2, child2), 0);
    pthread_t t[10];
    for (int i = 0; i < 10; i++)
        t[i] = spawn(waits, NULL);
    join(spawn(forks, NULL));
    OK("three generations; handlers in the parent: %s", order);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(sem_post(&never), 0);
    for (int i = 0; i < 10; i++)
        join(t[i]);
    OK("the parent's other threads are as they were");
    return 0;
}
