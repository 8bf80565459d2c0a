/* The other attributes of threads: what is set is read back, what is out of
 * range is EINVAL, and affinity and signal mask hold in the new thread. */
#include "thread.h"
#include <sched.h>

static cpu_set_t one;

static void *has_them(void *arg)
{
    cpu_set_t mine;
    sigset_t mask;
    int policy;
    struct sched_param p;
    CHECK_EQ(pthread_getaffinity_np(pthread_self(), sizeof mine, &mine), 0);
    CHECK(CPU_EQUAL(&mine, &one));
    for (int i = 0; i < 20; i++) {
        CHECK(CPU_ISSET(sched_getcpu(), &one));
        sched_yield();
    }
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
    CHECK(sigismember(&mask, SIGUSR2) && !sigismember(&mask, SIGUSR1));
    CHECK_EQ(pthread_getschedparam(pthread_self(), &policy, &p), 0);
    CHECK_EQ(policy, SCHED_OTHER);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_attr_t a;
    int v;
    struct sched_param p = {0};
    CHECK_EQ(pthread_attr_init(&a), 0);
    CHECK_EQ(pthread_attr_getdetachstate(&a, &v), 0);
    CHECK_EQ(v, PTHREAD_CREATE_JOINABLE);
    CHECK_EQ(pthread_attr_getinheritsched(&a, &v), 0);
    CHECK_EQ(v, PTHREAD_INHERIT_SCHED);
    CHECK_EQ(pthread_attr_getscope(&a, &v), 0);
    CHECK_EQ(v, PTHREAD_SCOPE_SYSTEM);
    CHECK_EQ(pthread_attr_getschedpolicy(&a, &v), 0);
    CHECK_EQ(v, SCHED_OTHER);
    OK("defaults");
    CHECK_EQ(pthread_attr_setscope(&a, PTHREAD_SCOPE_PROCESS), ENOTSUP);
    CHECK_EQ(pthread_attr_setschedpolicy(&a, 99), EINVAL);
    CHECK_EQ(pthread_attr_setinheritsched(&a, 99), EINVAL);
    p.sched_priority = 50;
    CHECK_EQ(pthread_attr_setschedparam(&a, &p), EINVAL);
    OK("out of range");

    cpu_set_t allowed;
    int cpu = CPU_SETSIZE - 1;
    CHECK_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    while (!CPU_ISSET(cpu, &allowed))
        cpu--;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    CHECK_EQ(pthread_attr_setaffinity_np(&a, sizeof one, &one), 0);
    CHECK_EQ(pthread_attr_setsigmask_np(&a, &mask), 0);
    pthread_t t[5];
    for (int i = 0; i < 5; i++)
        CHECK_EQ(pthread_create(&t[i], &a, has_them, NULL), 0);
    for (int i = 0; i < 5; i++)
        join(t[i]);
    OK("affinity and signal mask");

    cpu_set_t none;
    CPU_ZERO(&none);
    CHECK_EQ(pthread_attr_setaffinity_np(&a, sizeof none, &none), 0);
    CHECK_EQ(pthread_create(&t[0], &a, has_them, NULL), EINVAL);
    OK("EINVAL for no CPU at all");
    CHECK_EQ(pthread_attr_destroy(&a), 0);
    return 0;
}
