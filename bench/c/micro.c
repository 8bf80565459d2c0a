/* micro: what the primitives of threads cost, in nanoseconds. Run it bare and
 * with the library preloaded, and compare line by line.
 *
 *     cc -O2 -Wall -Wextra -pthread micro.c -o micro
 *     taskset -c 0 ./micro
 *     LD_PRELOAD=libiopatch.so taskset -c 0 ./micro
 *
 * Each line is a name, a tab and the nanoseconds of one operation: the least of
 * five goes, since what disturbs a go only ever adds. All but the first measure
 * within threads that the program made, which under iopatch are coroutines.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { GOES = 5, SPAWNS = 2000, LOCKS = 2000000, TURNS = 20000 };

static void must(int error, const char *what)
{
    if (error) {
        fprintf(stderr, "micro: %s: %s\n", what, strerror(error));
        exit(1);
    }
}

static double now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void *nothing(void *arg)
{
    return arg;
}

static double create_join(void)
{
    double start = now_ns();

    for (int i = 0; i < SPAWNS; i++) {
        pthread_t thread;

        must(pthread_create(&thread, NULL, nothing, NULL), "pthread_create");
        must(pthread_join(thread, NULL), "pthread_join");
    }
    return (now_ns() - start) / SPAWNS;
}

static double lock_unlock(void)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    double start = now_ns();

    for (int i = 0; i < LOCKS; i++) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    }
    return (now_ns() - start) / LOCKS;
}

/* Two threads, `turn(0)` and `turn(1)`, until both have had TURNS turns. One
 * operation is one turn, so one switch from thread to thread. */
static double of_two(void *(*turn)(void *))
{
    pthread_t two[2];
    double start = now_ns();

    for (intptr_t side = 0; side < 2; side++)
        must(pthread_create(&two[side], NULL, turn, (void *)side), "pthread_create");
    for (int side = 0; side < 2; side++)
        must(pthread_join(two[side], NULL), "pthread_join");
    return (now_ns() - start) / (2.0 * TURNS);
}

static void *cond_turns(void *arg)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t moved[2] = { PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER };
    static intptr_t whose;
    intptr_t side = (intptr_t)arg;

    pthread_mutex_lock(&mutex);
    for (int i = 0; i < TURNS; i++) {
        while (whose != side)
            pthread_cond_wait(&moved[side], &mutex);
        whose = !side;
        pthread_cond_signal(&moved[!side]);
    }
    pthread_mutex_unlock(&mutex);
    return NULL;
}

static void *yield_turns(void *arg)
{
    for (int i = 0; i < TURNS; i++)
        sched_yield();
    return arg;
}

static int pipes[2][2];

static void *pipe_turns(void *arg)
{
    intptr_t side = (intptr_t)arg;
    char token = 't';

    for (int i = 0; i < TURNS; i++) {
        if (side == 0 && write(pipes[0][1], &token, 1) != 1)
            must(errno, "write");
        if (read(pipes[!side][0], &token, 1) != 1)
            must(errno, "read");
        if (side == 1 && write(pipes[1][1], &token, 1) != 1)
            must(errno, "write");
    }
    return NULL;
}

static double cond_ping_pong(void)
{
    return of_two(cond_turns);
}

static double yield(void)
{
    return of_two(yield_turns);
}

static double pipe_ping_pong(void)
{
    double cost;

    if (pipe(pipes[0]) != 0 || pipe(pipes[1]) != 0)
        must(errno, "pipe");
    cost = of_two(pipe_turns);
    for (int end = 0; end < 4; end++)
        close(pipes[end / 2][end % 2]);
    return cost;
}

static double least(double (*measure)(void))
{
    double best = measure();

    for (int i = 1; i < GOES; i++) {
        double cost = measure();

        if (cost < best)
            best = cost;
    }
    return best;
}

static void *within_a_thread(void *arg)
{
    (void)arg;
    printf("thread create + join, from a thread\t%.1f\n", least(create_join));
    printf("mutex lock + unlock, uncontended\t%.1f\n", least(lock_unlock));
    printf("condition variable ping-pong, a switch\t%.1f\n", least(cond_ping_pong));
    printf("sched_yield between two threads\t%.1f\n", least(yield));
    printf("pipe ping-pong, a switch\t%.1f\n", least(pipe_ping_pong));
    return NULL;
}

int main(void)
{
    pthread_t thread;

    printf("thread create + join, from main\t%.1f\n", least(create_join));
    must(pthread_create(&thread, NULL, within_a_thread, NULL), "pthread_create");
    must(pthread_join(thread, NULL), "pthread_join");
    return 0;
}
