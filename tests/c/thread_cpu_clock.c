/* timed */
/* Each thread's CPU clock counts what that thread computes, also where others
 * share its CPU meanwhile, and anybody may read it. */
#include "thread.h"
#include <sys/resource.h>

enum { BURN = 60000000, SLACK = 25000000, THREADS = 4 };

static atomic_int go, stop;
static atomic_llong own_clock[THREADS];

static int64_t cpu_ns(clockid_t clock)
{
    struct timespec t;
    CHECK_EQ(clock_gettime(clock, &t), 0);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t usage_ns(void)
{
    struct rusage u;
    CHECK_EQ(getrusage(RUSAGE_THREAD, &u), 0);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000LL +
           (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000LL;
}

/* Computes for some microseconds at a time, and lets the others run between. */
static void *burns(void *arg)
{
    int i = (int)(intptr_t)arg;
    int64_t start = cpu_ns(CLOCK_THREAD_CPUTIME_ID), usage = usage_ns();
    while (!go)
        sleep_ms(1);
    int64_t process = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
    while (cpu_ns(CLOCK_THREAD_CPUTIME_ID) - start < BURN)
        for (int64_t end = now_ns() + 200000;;)
            if (now_ns() >= end) {
                sched_yield();
                break;
            }
    /* It can't have computed more than the process has. */
    CHECK(cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - process >= BURN - SLACK);
    CHECK(usage_ns() - usage >= BURN - SLACK);
    own_clock[i] = cpu_ns(CLOCK_THREAD_CPUTIME_ID) - start;
    while (!stop)
        sleep_ms(1);
    return arg;
}

/* Nobody asks before it has computed: nearly all that the process does. */
static void *computes(void *arg)
{
    int64_t end = cpu_ns(CLOCK_PROCESS_CPUTIME_ID) + 120000000;
    while (cpu_ns(CLOCK_PROCESS_CPUTIME_ID) < end)
        ;
    go++;
    while (!stop)
        sleep_ms(1);
    return arg;
}

static void *spins(void *arg)
{
    while (!stop)
        ;
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    clockid_t clock[THREADS];
    int64_t process = cpu_ns(CLOCK_PROCESS_CPUTIME_ID), sum = 0;
    for (intptr_t i = 0; i < THREADS; i++) {
        t[i] = spawn(burns, (void *)i);
        CHECK_EQ(pthread_getcpuclockid(t[i], &clock[i]), 0);
    }
    go = 1;
    for (int i = 0; i < THREADS; i++)
        while (!own_clock[i])
            sleep_ms(2);
    for (int i = 0; i < THREADS; i++) {
        int64_t seen = cpu_ns(clock[i]);
        CHECK(seen >= own_clock[i]);
        CHECK(seen < own_clock[i] + SLACK);
        sum += seen;
    }
    CHECK(cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - process >= sum - SLACK);
    OK("each as long as it computed, together no more than the process");

    struct timespec resolution = {1, 1};
    CHECK_EQ(clock_getres(clock[0], &resolution), 0);
    CHECK_EQ(resolution.tv_sec, 0);
    CHECK_EQ(resolution.tv_nsec, 1);
    stop = 1;
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    struct timespec now;
    CHECK_ERRNO(clock_gettime(clock[0], &now), EINVAL);
    OK("EINVAL once the thread has ended");

    go = stop = 0;
    t[0] = spawn(computes, NULL);
    while (!go)
        sleep_ms(1);
    CHECK_EQ(pthread_getcpuclockid(t[0], &clock[0]), 0);
    CHECK(cpu_ns(clock[0]) >= 30000000);
    CHECK(cpu_ns(clock[0]) <= 200000000);
    stop = 1;
    join(t[0]);
    OK("also what was computed before anybody asked");

    stop = 0;
    t[0] = spawn(spins, NULL);
    CHECK_EQ(pthread_getcpuclockid(t[0], &clock[0]), 0);
    int64_t before = cpu_ns(clock[0]);
    sleep_ms(100);
    int64_t between = cpu_ns(clock[0]);
    CHECK(between > before);
    struct timespec some = {0, 20000000};
    CHECK_EQ(clock_nanosleep(clock[0], 0, &some, NULL), 0);
    CHECK(cpu_ns(clock[0]) - between >= 15000000);
    stop = 1;
    join(t[0]);
    OK("of one that runs on and on; a sleep on that clock");
    return 0;
}
