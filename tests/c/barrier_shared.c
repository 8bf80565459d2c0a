/* A process-shared barrier holds back the threads of three processes. */
#include "thread.h"
#include <sys/mman.h>

enum { CHILDREN = 2, THREADS = 3, ROUNDS = 100, ALL = (CHILDREN + 1) * THREADS };
static struct shared {
    pthread_barrier_t b;
    atomic_int arrived, serial;
} *s;

static void *goes_round(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        s->arrived++;
        s->serial += pthread_barrier_wait(&s->b) == PTHREAD_BARRIER_SERIAL_THREAD;
        CHECK(s->arrived >= (i + 1) * ALL);
    }
    return arg;
}

static void run_threads(void)
{
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(goes_round, NULL);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
}

int main(void)
{
    SAFETY_NET();
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(s != MAP_FAILED);
    pthread_barrierattr_t a;
    int v;
    CHECK_EQ(pthread_barrierattr_init(&a), 0);
    CHECK_EQ(pthread_barrierattr_setpshared(&a, PTHREAD_PROCESS_SHARED), 0);
    CHECK_EQ(pthread_barrierattr_getpshared(&a, &v), 0);
    CHECK_EQ(v, PTHREAD_PROCESS_SHARED);
    CHECK_EQ(pthread_barrier_init(&s->b, &a, ALL), 0);
    pid_t child[CHILDREN];
    for (int i = 0; i < CHILDREN; i++)
        if ((child[i] = fork()) == 0) {
            SAFETY_NET();
            run_threads();
            _exit(0);
        }
    run_threads();
    for (int i = 0; i < CHILDREN; i++) {
        int status;
        CHECK_EQ(waitpid(child[i], &status, 0), child[i]);
        CHECK_EQ(status, 0);
    }
    OK("%d arrivals, %d told", s->arrived, s->serial);
    return 0;
}
