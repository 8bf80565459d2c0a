/* A thread's affinity is its maker's until it sets its own, which then holds:
 * it runs only there, and nobody else's changes. */
#include "thread.h"
#include <sched.h>

static cpu_set_t allowed;

static void *inherits(void *arg)
{
    cpu_set_t mine;
    CHECK_EQ(pthread_getaffinity_np(pthread_self(), sizeof mine, &mine), 0);
    CHECK(CPU_EQUAL(&mine, &allowed));
    CHECK(CPU_ISSET(sched_getcpu(), &allowed));
    return arg;
}

static void *binds(void *arg)
{
    cpu_set_t one, mine;
    int cpu = 0;
    while (!CPU_ISSET(cpu, &allowed))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    CHECK_EQ(pthread_setaffinity_np(pthread_self(), sizeof one, &one), 0);
    for (int i = 0; i < 50; i++) {
        CHECK_EQ(sched_getcpu(), cpu);
        i % 10 ? (void)sched_yield() : sleep_ms(1);
    }
    CHECK_EQ(pthread_getaffinity_np(pthread_self(), sizeof mine, &mine), 0);
    CHECK(CPU_EQUAL(&mine, &one));
    return arg;
}

int main(void)
{
    SAFETY_NET();
    CHECK_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    join(spawn(inherits, NULL));
    OK("inherited");
    pthread_t b = spawn(binds, NULL);
    for (int i = 0; i < 20; i++)
        join(spawn(inherits, NULL));
    join(b);
    OK("bound to one CPU, and runs there");
    join(spawn(inherits, NULL));
    cpu_set_t mine;
    CHECK_EQ(pthread_getaffinity_np(pthread_self(), sizeof mine, &mine), 0);
    CHECK(CPU_EQUAL(&mine, &allowed));
    OK("the others are not");
    cpu_set_t none;
    CPU_ZERO(&none);
    CHECK_EQ(pthread_setaffinity_np(pthread_self(), sizeof none, &none), EINVAL);
    OK("EINVAL for no CPU");
    return 0;
}
