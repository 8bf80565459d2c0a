/* A vfork'd child that has closed every descriptor wakes a thread of its parent's, while all of those sleep. */
#include "thread.h"
#include <semaphore.h>

static sem_t go, gone;

static void *waits(void *arg)
{
    CHECK_EQ(sem_wait(&go), 0);
    CHECK_EQ(sem_post(&gone), 0);
    return arg;
}

int main(void)
{
    int status;
    SAFETY_NET();
    CHECK_EQ(sem_init(&go, 0, 0), 0);
    CHECK_EQ(sem_init(&gone, 0, 0), 0);
    pthread_t t = spawn(waits, NULL);
    until_parked("sem", 1);
    /* Until all of the scheduler sleeps. */
    sleep_ms(500);
    pid_t pid = vfork();
    if (pid == 0) {
        close_range(3, ~0u, 0);
        sem_post(&go);
        sem_wait(&gone);
        _exit(5);
    }
    CHECK(pid > 0);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(WEXITSTATUS(status), 5);
    join(t);
    OK("woken by a child without descriptors");
    return 0;
}
