/* Threads that are made without attributes have those that were set as the
 * default: stack, signal mask, detach state; and a thread's attributes tell
 * its CPUs. */
#include "thread.h"
#include <sched.h>

static atomic_int done;

static void *looks(void *arg)
{
    pthread_attr_t mine;
    sigset_t mask;
    cpu_set_t cpus, told;
    size_t size;
    int state;
    CHECK_EQ(pthread_getattr_np(pthread_self(), &mine), 0);
    CHECK_EQ(pthread_attr_getdetachstate(&mine, &state), 0);
    CHECK_EQ(state, arg ? PTHREAD_CREATE_DETACHED : PTHREAD_CREATE_JOINABLE);
    CHECK_EQ(pthread_attr_getstacksize(&mine, &size), 0);
    CHECK_EQ(size, 1 << 20);
    CHECK_EQ(sched_getaffinity(0, sizeof cpus, &cpus), 0);
    CHECK_EQ(pthread_attr_getaffinity_np(&mine, sizeof told, &told), 0);
    CHECK(CPU_EQUAL(&cpus, &told));
    CHECK_EQ(pthread_attr_destroy(&mine), 0);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
    CHECK_EQ(sigismember(&mask, SIGUSR2), 1);
    CHECK_EQ(sigismember(&mask, SIGUSR1), 0);
    done++;
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pthread_attr_t all, before;
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    CHECK_EQ(pthread_getattr_default_np(&before), 0);
    CHECK_EQ(pthread_attr_init(&all), 0);
    CHECK_EQ(pthread_attr_setstacksize(&all, 1 << 20), 0);
    CHECK_EQ(pthread_attr_setsigmask_np(&all, &mask), 0);
    CHECK_EQ(pthread_setattr_default_np(&all), 0);
    join(spawn(looks, NULL));
    CHECK_EQ(done, 1);
    OK("stack and signal mask");

    CHECK_EQ(pthread_attr_setdetachstate(&all, PTHREAD_CREATE_DETACHED), 0);
    CHECK_EQ(pthread_setattr_default_np(&all), 0);
    spawn(looks, &done);
    while (done < 2)
        sleep_ms(1);
    OK("detached");

    CHECK_EQ(pthread_setattr_default_np(&before), 0);
    CHECK_EQ(pthread_attr_destroy(&all), 0);
    CHECK_EQ(pthread_attr_destroy(&before), 0);
    return 0;
}
