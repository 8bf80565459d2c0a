/* A robust process-shared mutex: whoever held it dies, be it by SIGKILL in
 * another process or by the end of its thread in ours, the next is told by
 * EOWNERDEAD, whether it waited for it or came later. */
#include "thread.h"
#include <sys/mman.h>

static struct shared {
    pthread_mutex_t m;
    atomic_int locked;
} *s;

static void *dies_with_it(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&s->m), 0);
    s->locked = 1;
    if (arg)
        sleep_ms(60000);
    return NULL;
}

static pid_t child_with_the_lock(void)
{
    s->locked = 0;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        SAFETY_NET();
        join(spawn(dies_with_it, s));
        _exit(1);
    }
    while (!s->locked)
        sleep_ms(1);
    return pid;
}

static void *is_told(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&s->m), EOWNERDEAD);
    CHECK_EQ(pthread_mutex_consistent(&s->m), 0);
    CHECK_EQ(pthread_mutex_unlock(&s->m), 0);
    return arg;
}

static void killed(pid_t pid)
{
    CHECK_EQ(kill(pid, SIGKILL), 0);
    CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
    SAFETY_NET();
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(s != MAP_FAILED);
    pthread_mutexattr_t a;
    CHECK_EQ(pthread_mutexattr_init(&a), 0);
    CHECK_EQ(pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED), 0);
    CHECK_EQ(pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST), 0);
    CHECK_EQ(pthread_mutex_init(&s->m, &a), 0);

    killed(child_with_the_lock());
    join(spawn(is_told, NULL));
    OK("a thread, after a process was killed");

    pid_t pid = child_with_the_lock();
    pthread_t t = spawn(is_told, NULL);
    sleep_ms(30);
    killed(pid);
    join(t);
    OK("a thread that waited when the process was killed");

    join(spawn(dies_with_it, NULL));
    is_told(NULL);
    OK("main, after a thread of ours ended");

    join(spawn(dies_with_it, NULL));
    if ((pid = fork()) == 0) {
        SAFETY_NET();
        is_told(NULL);
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    OK("another process, after a thread of ours ended");
    return 0;
}
