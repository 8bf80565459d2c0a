/* Process-shared objects of every kind between this process and one that is not preloaded: all counts are exact, both take
 * turns, and who is killed with robust mutexes locked leaves them to be taken with EOWNERDEAD. */
#include "thread.h"
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { THREADS = 3, ROUNDS = 500, TURNS = 200, OWNERS = 3, MUTEXES = 5 };
enum { PLAIN, RECURSIVE, INHERITING, ROBUST, ROBUST_INHERITING };

static struct shared {
    pthread_mutex_t mutex[MUTEXES];
    pthread_rwlock_t rwlock;
    pthread_cond_t cond;
    pthread_barrier_t barrier;
    sem_t sem;
    long counts[MUTEXES + 2], turns;
    int turn;
    _Atomic int locked;
} *shared;

static int me;

static void *counts(void *arg)
{
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < MUTEXES; i++) {
            CHECK_EQ(pthread_mutex_lock(&shared->mutex[i]), 0);
            shared->counts[i]++;
            CHECK_EQ(pthread_mutex_unlock(&shared->mutex[i]), 0);
        }
        CHECK_EQ(pthread_rwlock_wrlock(&shared->rwlock), 0);
        shared->counts[MUTEXES]++;
        CHECK_EQ(pthread_rwlock_unlock(&shared->rwlock), 0);
        while (sem_wait(&shared->sem) != 0)
            CHECK_EQ(errno, EINTR);
        shared->counts[MUTEXES + 1]++;
        CHECK_EQ(sem_post(&shared->sem), 0);
        if (round % 100 == 0)
            pthread_barrier_wait(&shared->barrier);
    }
    return arg;
}

static void *takes_turns(void *arg)
{
    for (int i = 0; i < TURNS; i++) {
        CHECK_EQ(pthread_mutex_lock(&shared->mutex[PLAIN]), 0);
        while (shared->turn != me)
            CHECK_EQ(pthread_cond_wait(&shared->cond, &shared->mutex[PLAIN]), 0);
        shared->turn = !me;
        shared->turns++;
        CHECK_EQ(pthread_cond_broadcast(&shared->cond), 0);
        CHECK_EQ(pthread_mutex_unlock(&shared->mutex[PLAIN]), 0);
    }
    return arg;
}

static void *owns(void *arg)
{
    CHECK_EQ(pthread_mutex_lock(&shared->mutex[ROBUST]), 0);
    CHECK_EQ(pthread_mutex_lock(&shared->mutex[ROBUST_INHERITING]), 0);
    shared->locked = 1;
    pause();
    return arg;
}

static void *inherits(void *arg)
{
    for (int i = ROBUST; i <= ROBUST_INHERITING; i++) {
        CHECK_EQ(pthread_mutex_lock(&shared->mutex[i]), EOWNERDEAD);
        CHECK_EQ(pthread_mutex_consistent(&shared->mutex[i]), 0);
        CHECK_EQ(pthread_mutex_unlock(&shared->mutex[i]), 0);
    }
    return arg;
}

static void all(void)
{
    pthread_t t[THREADS + 1];
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(counts, NULL);
    t[THREADS] = spawn(takes_turns, NULL);
    for (int i = 0; i <= THREADS; i++)
        join(t[i]);
}

static void init(void)
{
    pthread_mutexattr_t m;
    pthread_condattr_t c;
    pthread_rwlockattr_t rw;
    pthread_barrierattr_t b;
    for (int i = 0; i < MUTEXES; i++) {
        pthread_mutexattr_init(&m);
        pthread_mutexattr_setpshared(&m, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_settype(&m, i == RECURSIVE ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
        pthread_mutexattr_setrobust(&m, i >= ROBUST ? PTHREAD_MUTEX_ROBUST : PTHREAD_MUTEX_STALLED);
        if (i == INHERITING || i == ROBUST_INHERITING)
            pthread_mutexattr_setprotocol(&m, PTHREAD_PRIO_INHERIT);
        CHECK_EQ(pthread_mutex_init(&shared->mutex[i], &m), 0);
    }
    pthread_condattr_init(&c);
    pthread_condattr_setpshared(&c, PTHREAD_PROCESS_SHARED);
    CHECK_EQ(pthread_cond_init(&shared->cond, &c), 0);
    pthread_rwlockattr_init(&rw);
    pthread_rwlockattr_setpshared(&rw, PTHREAD_PROCESS_SHARED);
    CHECK_EQ(pthread_rwlock_init(&shared->rwlock, &rw), 0);
    pthread_barrierattr_init(&b);
    pthread_barrierattr_setpshared(&b, PTHREAD_PROCESS_SHARED);
    CHECK_EQ(pthread_barrier_init(&shared->barrier, &b, 2 * THREADS), 0);
    CHECK_EQ(sem_init(&shared->sem, 1, 1), 0);
}

/* A process of this program, which is not preloaded. */
static pid_t unpatched(const char *memory, const char *what)
{
    pid_t pid = fork();
    if (pid == 0) {
        unsetenv("LD_PRELOAD");
        execl("/proc/self/exe", "unpatched", memory, what, NULL);
        _exit(127);
    }
    return pid;
}

int main(int argc, char **argv)
{
    int memory = argc > 1 ? atoi(argv[1]) : memfd_create("shared", 0), status;
    char number[16];
    SAFETY_NET();
    CHECK_EQ(ftruncate(memory, sizeof *shared), 0);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    CHECK(shared != MAP_FAILED);
    if (argc > 1) {
        me = 1;
        if (!strcmp(argv[2], "owns"))
            join(spawn(owns, NULL));
        all();
        return 0;
    }
    init();
    snprintf(number, sizeof number, "%d", memory);
    pid_t other = unpatched(number, "counts");
    all();
    CHECK_EQ(waitpid(other, &status, 0), other);
    CHECK_EQ(status, 0);
    for (int i = 0; i < MUTEXES + 2; i++)
        CHECK_EQ(shared->counts[i], 2 * THREADS * ROUNDS);
    OK("counts under each lock");
    CHECK_EQ(shared->turns, 2 * TURNS);
    OK("turns by a condition variable");
    for (int i = 0; i < OWNERS; i++) {
        shared->locked = 0;
        other = unpatched(number, "owns");
        while (!shared->locked)
            sleep_ms(1);
        pthread_t heir = spawn(inherits, NULL);
        sleep_ms(10);
        kill(other, SIGKILL);
        join(heir);
        CHECK_EQ(waitpid(other, &status, 0), other);
    }
    OK("mutexes of killed owners");
    return 0;
}
