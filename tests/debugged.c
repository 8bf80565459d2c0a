/* For debuggers.bats: threads that wait; one that crashes in its third frame (`crash`), or ends well. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static volatile int *nowhere;

static void *waits(void *arg)
{
    pthread_mutex_lock(&held);
    pthread_mutex_unlock(&held);
    return arg;
}

__attribute__((noinline)) int innermost(int n)
{
    struct timespec ms = {0, 1000000};
    nanosleep(&ms, NULL);
    return nowhere ? *nowhere + n : n;
}

__attribute__((noinline)) int middle(int n)
{
    return innermost(n + 1) + 1;
}

void *outermost(void *arg)
{
    if (arg)
        nowhere = (int *)16;
    long sum = 0;
    for (int i = 0; i < 2000; i++)
        sum += middle(i);
    return (void *)sum;
}

int main(int argc, char **argv)
{
    pthread_t waiting[3], working;
    void *sum;
    pthread_mutex_lock(&held);
    for (int i = 0; i < 3; i++)
        pthread_create(&waiting[i], NULL, waits, NULL);
    pthread_create(&working, NULL, outermost, argc > 1 && !strcmp(argv[1], "crash") ? &held : NULL);
    pthread_join(working, &sum);
    pthread_mutex_unlock(&held);
    for (int i = 0; i < 3; i++)
        pthread_join(waiting[i], NULL);
    printf("sum %ld\n", (long)sum);
    return 0;
}
