/* A process-shared mutex in memory shared with two children excludes the
 * threads of all three processes from each other. */
#include "thread.h"
#include <sys/mman.h>

enum { CHILDREN = 2, THREADS = 4, ROUNDS = 300 };
static struct shared {
    pthread_mutex_t m;
    long count, inside;
} *s;

static void *adds(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(pthread_mutex_lock(&s->m), 0);
        CHECK_EQ(s->inside++, 0);
        long was = s->count;
        if (i % 100 == 99)
            sleep_ms(1); /* a wait with the lock held */
        s->count = was + 1;
        CHECK_EQ(--s->inside, 0);
        CHECK_EQ(pthread_mutex_unlock(&s->m), 0);
    }
    return arg;
}

static void run_threads(void)
{
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(adds, NULL);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
}

int main(void)
{
    SAFETY_NET();
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(s != MAP_FAILED);
    pthread_mutexattr_t a;
    int shared;
    CHECK_EQ(pthread_mutexattr_init(&a), 0);
    CHECK_EQ(pthread_mutexattr_getpshared(&a, &shared), 0);
    CHECK_EQ(shared, PTHREAD_PROCESS_PRIVATE);
    CHECK_EQ(pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED), 0);
    CHECK_EQ(pthread_mutex_init(&s->m, &a), 0);

    CHECK_EQ(pthread_mutex_lock(&s->m), 0);
    pid_t child[CHILDREN];
    for (int i = 0; i < CHILDREN; i++)
        if ((child[i] = fork()) == 0) {
            SAFETY_NET();
            run_threads();
            _exit(0);
        }
    sleep_ms(30);
    CHECK_EQ(s->count, 0);
    CHECK_EQ(pthread_mutex_unlock(&s->m), 0);
    run_threads();
    for (int i = 0; i < CHILDREN; i++) {
        int status;
        CHECK_EQ(waitpid(child[i], &status, 0), child[i]);
        CHECK_EQ(status, 0);
    }
    OK("count %ld", s->count);
    return 0;
}
