/* timed */
/* A thread's CPU clock counts what it computes and nothing else: not its
 * waits, and not what others compute meanwhile. */
#include "thread.h"

static atomic_int burning;

static int64_t cpu_ns(clockid_t clock)
{
    struct timespec t;
    CHECK_EQ(clock_gettime(clock, &t), 0);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void *burns(void *arg)
{
    int64_t start = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
    burning++;
    while (cpu_ns(CLOCK_THREAD_CPUTIME_ID) - start < 60000000)
        ;
    burning--;
    clockid_t clock;
    CHECK_EQ(pthread_getcpuclockid(pthread_self(), &clock), 0);
    CHECK(cpu_ns(clock) - start >= 60000000);
    return arg;
}

static void *sleeps(void *arg)
{
    int64_t start = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
    while (burning)
        sleep_ms(2);
    CHECK(cpu_ns(CLOCK_THREAD_CPUTIME_ID) - start < 30000000);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    int64_t start = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
    pthread_t b[3];
    for (int i = 0; i < 3; i++)
        b[i] = spawn(burns, NULL);
    while (!burning)
        sched_yield();
    join(spawn(sleeps, NULL));
    OK("a sleeper's clock stands still");
    for (int i = 0; i < 3; i++)
        join(b[i]);
    OK("three computed for 60 ms each");
    CHECK(cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - start >= 180000000);
    OK("the process for as long as all");
    most_parked("time", 1);
    return 0;
}
