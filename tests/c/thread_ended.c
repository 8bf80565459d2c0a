/* What is answered about a thread that has ended and is not joined yet, and is asked of it. */
#include "thread.h"
#include <sched.h>

static void *ends(void *arg) { return arg; }

int main(void)
{
    SAFETY_NET();
    pthread_t t = spawn(ends, "the end");
    sleep_ms(50);
    char name[20];
    int policy;
    struct sched_param param = {0};
    cpu_set_t cpus;
    clockid_t clock;
    pthread_attr_t attr;
    OK("kill %d, %d", pthread_kill(t, SIGUSR1), pthread_kill(t, 0));
    OK("sigqueue %d", pthread_sigqueue(t, SIGUSR1, (union sigval){0}));
    OK("getname %d, %d", pthread_getname_np(t, name, sizeof name), pthread_getname_np(t, name, 3));
    OK("setname %d, %d", pthread_setname_np(t, "x"), pthread_setname_np(t, "more than fifteen bytes"));
    OK("getschedparam %d", pthread_getschedparam(t, &policy, &param));
    OK("setschedparam %d", pthread_setschedparam(t, SCHED_OTHER, &param));
    OK("setschedprio %d", pthread_setschedprio(t, 0));
    OK("getaffinity %d", pthread_getaffinity_np(t, sizeof cpus, &cpus));
    OK("setaffinity %d", pthread_setaffinity_np(t, sizeof cpus, &cpus));
    OK("getcpuclockid %d", pthread_getcpuclockid(t, &clock));
    OK("getattr %d", pthread_getattr_np(t, &attr));
    OK("cancel %d", pthread_cancel(t));
    void *result;
    CHECK_EQ(pthread_tryjoin_np(t, &result), 0);
    CHECK(!strcmp(result, "the end"));
    OK("its result is still what it returned, and is had by a join");
    return 0;
}
