/* A process-shared rwlock among the threads of two processes. */
#include "thread.h"
#include <sys/mman.h>

enum { READERS = 4, WRITERS = 2, ROUNDS = 150 };
static struct shared {
    pthread_rwlock_t l;
    atomic_int readers_in;
    long a, b;
} *s;

static void *reads(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(pthread_rwlock_rdlock(&s->l), 0);
        s->readers_in++;
        long was = s->a;
        if (i % 50 == 0)
            sleep_ms(1);
        CHECK_EQ(s->b, was);
        s->readers_in--;
        CHECK_EQ(pthread_rwlock_unlock(&s->l), 0);
        sched_yield();
    }
    return arg;
}

static void *writes(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(pthread_rwlock_wrlock(&s->l), 0);
        CHECK_EQ(s->readers_in, 0);
        s->a++;
        if (i % 50 == 0)
            sleep_ms(1);
        s->b++;
        CHECK_EQ(pthread_rwlock_unlock(&s->l), 0);
    }
    return arg;
}

static void run_threads(void)
{
    pthread_t t[READERS + WRITERS];
    for (int i = 0; i < READERS + WRITERS; i++)
        t[i] = spawn(i < WRITERS ? writes : reads, NULL);
    for (int i = 0; i < READERS + WRITERS; i++)
        join(t[i]);
}

int main(void)
{
    SAFETY_NET();
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(s != MAP_FAILED);
    pthread_rwlockattr_t a;
    CHECK_EQ(pthread_rwlockattr_init(&a), 0);
    CHECK_EQ(pthread_rwlockattr_setpshared(&a, PTHREAD_PROCESS_SHARED), 0);
    CHECK_EQ(pthread_rwlock_init(&s->l, &a), 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        SAFETY_NET();
        run_threads();
        _exit(0);
    }
    run_threads();
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    CHECK_EQ(s->a, s->b);
    OK("%ld writes", s->a);
    return 0;
}
