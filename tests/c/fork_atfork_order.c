/* pthread_atfork: the order of its handlers, which lock what other threads
 * use; the child finds the locks free to take. forkpty runs them too. */
/* libs: -lutil */
#include "thread.h"
#include <pty.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char order[64];
static atomic_int stop;

static void note(const char *what) { strcat(order, what); }
static void before_1(void) { pthread_mutex_lock(&lock); note("b1 "); }
static void parent_1(void) { note("p1"); }
static void child_1(void) { note("c1"); pthread_mutex_unlock(&lock); }
static void before_2(void) { order[0] = 0; note("b2 "); }
static void parent_2(void) { note("p2 "); }
static void child_2(void) { note("c2 "); }

static void *locks(void *arg)
{
    while (!stop) {
        pthread_mutex_lock(&lock);
        sched_yield();
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

static void *forks(void *arg)
{
    int status, terminal;
    for (int i = 0; i < 20; i++) {
        pid_t pid = i % 2 ? fork() : forkpty(&terminal, NULL, NULL, NULL);
        CHECK(pid >= 0);
        if (pid == 0) {
            alarm(10);
            pthread_mutex_lock(&lock);
            _exit(strcmp(order, "b2 b1 c1c2 ") != 0);
        }
        CHECK(!strcmp(order, "b2 b1 p1p2 "));
        pthread_mutex_unlock(&lock);
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK_EQ(status, 0);
        if (i % 2 == 0)
            close(terminal);
    }
    return arg;
}

int main(void)
{
    pthread_t t[3];
    SAFETY_NET();
    CHECK_EQ(pthread_atfork(before_1, parent_1, child_1), 0);
    CHECK_EQ(pthread_atfork(before_2, parent_2, child_2), 0);
    for (int i = 0; i < 3; i++)
        t[i] = spawn(locks, NULL);
    join(spawn(forks, NULL));
    stop = 1;
    for (int i = 0; i < 3; i++)
        join(t[i]);
    OK("handlers in order, 20 times");
    return 0;
}
