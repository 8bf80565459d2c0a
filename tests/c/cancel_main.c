/* main is cancelled by a thread, while it waits in a call and in a lock's. */
#include "cancel.h"

static pthread_t main_thread;
static atomic_int cleaned;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static void note(void *arg)
{
    CHECK_EQ(pthread_mutex_unlock(arg), 0);
    cleaned++;
}

static void *cancels(void *arg)
{
    void *result;
    usleep(20000);
    CHECK_EQ(pthread_cancel(main_thread), 0);
    CHECK_EQ(pthread_join(main_thread, &result), 0);
    CHECK(result == PTHREAD_CANCELED);
    CHECK_EQ(cleaned, 1);
    CHECK_EQ(pthread_mutex_trylock(&mutex), 0);
    OK("main was cancelled in pthread_cond_wait, with the mutex held in its handler");
    return arg;
}

static void *cancels_child(void *arg)
{
    usleep(20000);
    CHECK_EQ(pthread_cancel(main_thread), 0);
    CHECK_EQ(pthread_join(main_thread, NULL), 0);
    return arg;
}

int main(void)
{
    cancel_net();
    /* In a call of the kernel's, in a process of its own. */
    pid_t pid = fork();
    if (pid == 0) {
        main_thread = pthread_self();
        spawn(cancels_child, NULL);
        for (;;)
            pause();
    }
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    OK("main was cancelled in pause, and the process ended with the last thread");
    main_thread = pthread_self();
    spawn(cancels, NULL);
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(note, &mutex);
    for (;;)
        pthread_cond_wait(&cond, &mutex);
    pthread_cleanup_pop(0);
}
