/* Who calls exit() runs the handlers, whatever the others do: sleep, burn, hold
 * locks, sit in a native call. Its handlers may lock what a thread lets go of
 * later, join, cancel and create threads; stdio is flushed; the status is kept. */
#include "thread.h"

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t never_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t exiter, to_join, to_cancel;
static atomic_int started;
static int status_wanted;

static void *sleeps(void *arg)
{
    atomic_fetch_add(&started, 1);
    sleep_ms(60000);
    return arg;
}

static void *burns(void *arg)
{
    volatile unsigned long n = 0;
    atomic_fetch_add(&started, 1);
    for (;;)
        n++;
    return arg;
}

static void *waits(void *arg)
{
    pthread_mutex_lock(&never_lock);
    atomic_fetch_add(&started, 1);
    for (;;)
        pthread_cond_wait(&never, &never_lock);
    return arg;
}

static void *natively(void *arg)
{
    atomic_fetch_add(&started, 1);
    usleep(0);
    CHECK_EQ(system("exec sleep 5"), 0);
    return arg;
}

static void *holds(void *arg)
{
    pthread_mutex_lock(&held);
    atomic_fetch_add(&started, 1);
    sleep_ms(30);
    pthread_mutex_unlock(&held);
    return arg;
}

static void *short_life(void *arg)
{
    sleep_ms(5);
    return arg;
}

static void locks(void)
{
    CHECK(pthread_equal(pthread_self(), exiter));
    pthread_mutex_lock(&held);
    pthread_mutex_unlock(&held);
    printf("ok: a handler waited for a lock\n");
}

static void joins(void)
{
    CHECK(join(to_join) == &to_join);
    CHECK_EQ(pthread_cancel(to_cancel), 0);
    CHECK(join(to_cancel) == PTHREAD_CANCELED);
    CHECK(join(spawn(short_life, &started)) == &started);
    printf("ok: a handler joined, cancelled and created\n");
}

static void *exits(void *arg)
{
    exiter = pthread_self();
    exit(arg ? *(int *)arg : status_wanted);
}

static void others(void *(*const kinds[])(void *))
{
    int n = 0;
    for (; kinds[n]; n++)
        spawn(kinds[n], NULL);
    while (atomic_load(&started) < n)
        sleep_ms(1);
}

/* Ends a child's main by `exit` there, or in a thread, with `kinds` around. */
static void child(const char *name, int in_thread, void *(*const kinds[])(void *))
{
    fflush(stdout);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        SAFETY_NET();
        int status = 40 + in_thread;
        atexit(locks);
        atexit(joins);
        to_join = spawn(short_life, &to_join);
        to_cancel = spawn(sleeps, NULL);
        sleep_ms(1);
        atomic_fetch_sub(&started, atomic_load(&started));
        others(kinds);
        printf("unflushed ");
        if (in_thread)
            join(spawn(exits, &status));
        exits(&status);
    }
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    OK("%s: %d", name, WEXITSTATUS(status));
}

int main(void)
{
    SAFETY_NET();
    for (int in_thread = 0; in_thread < 2; in_thread++) {
        child("holding a lock", in_thread, (void *(*[])(void *)){holds, NULL});
        child("burning", in_thread, (void *(*[])(void *)){holds, burns, burns, burns, NULL});
        child("waiting", in_thread, (void *(*[])(void *)){waits, holds, sleeps, NULL});
        child("in a native call", in_thread, (void *(*[])(void *)){natively, holds, NULL});
    }
    return 0;
}
