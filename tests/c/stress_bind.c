/* Threads' CPUs are set by two others at once, by handle and by id, while they
 * wait, compute, bind themselves and end: each set holds or its thread is
 * gone, nobody hangs, and the memory does not grow. */
#include "thread.h"
#include <sched.h>
#include <sys/resource.h>

enum { ROUNDS = 40, THREADS = 24 };

static cpu_set_t allowed, one;
static pthread_t threads[THREADS];
static atomic_int tids[THREADS], ready, done;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long held;

static void *works(void *arg)
{
    int i = (int)(intptr_t)arg;
    tids[i] = gettid();
    while (!ready)
        sched_yield();
    if (i % 5 == 1)
        CHECK_EQ(sched_setaffinity(0, sizeof allowed, &allowed), 0);
    if (i % 5 == 2)
        for (int64_t end = now_ns() + 300000; now_ns() < end;)
            ;
    for (int turn = 0; turn < i % 7; turn++) {
        CHECK_EQ(pthread_mutex_lock(&mutex), 0);
        held++;
        CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
        i % 2 ? (void)usleep(50) : (void)sched_yield();
    }
    CHECK_EQ(gettid(), gettid());
    done++;
    return arg;
}

static void *binds(void *arg)
{
    int by_id = arg != NULL;
    while (!ready)
        sched_yield();
    for (int i = 0; i < THREADS; i++) {
        if (!by_id) {
            int error = pthread_setaffinity_np(threads[i], sizeof one, &one);
            CHECK(error == 0 || error == ESRCH);
            continue;
        }
        int tid = tids[i];
        if (tid && setpriority(PRIO_PROCESS, tid, 1) < 0)
            CHECK_EQ(errno, ESRCH);
    }
    /* One that has ended is the caller, for glibc. */
    if (!by_id)
        CHECK_EQ(sched_setaffinity(0, sizeof allowed, &allowed), 0);
    return NULL;
}

static void round_of_all(void)
{
    ready = done = 0;
    for (intptr_t i = 0; i < THREADS; i++) {
        tids[i] = 0;
        threads[i] = spawn(works, (void *)i);
    }
    pthread_t by_handle = spawn(binds, NULL), by_id = spawn(binds, &held);
    ready = 1;
    join(by_handle);
    join(by_id);
    for (int i = 0; i < THREADS; i++)
        join(threads[i]);
    CHECK_EQ(done, THREADS);
}

int main(void)
{
    SAFETY_NET();
    CHECK_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    int cpu = 0;
    while (!CPU_ISSET(cpu, &allowed))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    for (int i = 0; i < ROUNDS / 4; i++)
        round_of_all();
    long before = status_kb("VmRSS");
    for (int i = 0; i < ROUNDS; i++)
        round_of_all();
    CHECK(status_kb("VmRSS") < before + 2048);
    cpu_set_t got;
    CHECK_EQ(sched_getaffinity(0, sizeof got, &got), 0);
    CHECK(CPU_EQUAL(&got, &allowed));
    OK("every thread has ended, and the memory is as it was");
    return 0;
}
