/* Boehm's collector, which stops every thread by a signal and wakes it by
 * another: threads that allocate while others compute, sleep and wait for
 * pipes and locks. Prints the same natively and under iopatch. */
#define GC_THREADS
#include <gc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { EACH = 4 };

struct node {
    struct node *left, *right;
    long value;
};

static struct node *tree(int depth, long value)
{
    struct node *made = GC_MALLOC(sizeof *made);
    made->value = value;
    if (depth > 0) {
        made->left = tree(depth - 1, 2 * value);
        made->right = tree(depth - 1, 2 * value + 1);
    }
    return made;
}

static long total(const struct node *tree)
{
    return tree ? tree->value + total(tree->left) + total(tree->right) : 0;
}

/* Trees, the last four of which are alive: what the collector takes too early
 * would be overwritten by the next. */
static long allocate(int n)
{
    struct node *alive[4] = {0};
    long sum = 0;
    for (int round = 0; round < 400; round++) {
        alive[round % 4] = tree(8, n + round);
        for (int i = 0; i < 4; i++)
            sum += total(alive[i]);
    }
    return sum;
}

static long compute(int n)
{
    uint32_t x = (uint32_t)n + 1;
    for (int i = 0; i < 60000000; i++)
        x = x * 1664525 + 1013904223;
    return x;
}

static long nap(int n)
{
    struct timespec moment = {.tv_nsec = 500000};
    long *sum = GC_MALLOC(sizeof *sum);
    for (int i = 0; i < 200; i++) {
        nanosleep(&moment, NULL);
        *sum += n + i;
    }
    return *sum;
}

static void *echo(void *arg)
{
    int *ends = arg; /* reads from the first, writes to the second */
    for (;;) {
        char *buffer = GC_MALLOC_ATOMIC(100);
        ssize_t got = read(ends[0], buffer, 100);
        if (got <= 0 || write(ends[1], buffer, (size_t)got) != got)
            return NULL;
    }
}

static long converse(int n)
{
    int there[2], back[2];
    pthread_t echoes;
    long sum = 0;
    if (pipe(there) || pipe(back))
        abort();
    int *ends = GC_MALLOC(2 * sizeof *ends);
    ends[0] = there[0];
    ends[1] = back[1];
    if (pthread_create(&echoes, NULL, echo, ends))
        abort();
    for (int i = 0; i < 100; i++) {
        size_t length = 1 + (size_t)(n + i) % 50;
        char *said = GC_MALLOC_ATOMIC(length), *heard = GC_MALLOC_ATOMIC(100);
        memset(said, i, length);
        if (write(there[1], said, length) != (ssize_t)length)
            abort();
        ssize_t got = read(back[0], heard, 100);
        for (ssize_t b = 0; b < got; b++)
            sum += heard[b];
    }
    close(there[1]);
    pthread_join(echoes, NULL);
    close(there[0]), close(back[0]), close(back[1]);
    return sum;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn;

static long take_turns(int n)
{
    struct node *said = NULL;
    for (int round = 0; round < 50; round++) {
        pthread_mutex_lock(&lock);
        while (turn % EACH != n)
            pthread_cond_wait(&changed, &lock);
        struct node *last = GC_MALLOC(sizeof *last);
        *last = (struct node){.left = said, .value = turn++};
        said = last;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
    }
    return total(said);
}

static long (*const works[])(int) = {allocate, compute, nap, converse, take_turns};
enum { WORKS = sizeof works / sizeof *works };

static long results[WORKS * EACH];

static void *work(void *arg)
{
    intptr_t place = (intptr_t)arg;
    results[place] = works[place / EACH]((int)(place % EACH));
    return NULL;
}

int main(void)
{
    pthread_t threads[WORKS * EACH];
    GC_INIT();
    for (intptr_t i = 0; i < WORKS * EACH; i++)
        if (pthread_create(&threads[i], NULL, work, (void *)i))
            return 1;
    for (int i = 0; i < 20; i++)
        GC_gcollect();
    for (int i = 0; i < WORKS * EACH; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < WORKS * EACH; i++)
        printf("%ld\n", results[i]);
    return 0;
}
