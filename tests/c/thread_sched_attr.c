/* sched_getattr and sched_setattr, by syscall and by the functions that newer libcs have, with a thread's own id as with 0.
 * To set what is set already, as GLib does in the threads of its pools, costs no OS thread. */
#include "thread.h"
#include <dlfcn.h>
#include <sched.h>
#include <sys/syscall.h>

struct attr {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t least, most;
};

static struct attr of_main;

int (*get)(pid_t, struct attr *, unsigned, unsigned);
int (*set)(pid_t, struct attr *, unsigned);

static void *sets(void *arg)
{
    struct attr mine = {0};
    long ids[] = {0, syscall(SYS_gettid), gettid()};
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(syscall(SYS_sched_getattr, ids[i], &mine, sizeof mine, 0), 0);
        CHECK_EQ(mine.policy, SCHED_OTHER);
        CHECK_EQ(syscall(SYS_sched_setattr, ids[i], &of_main, 0), 0);
        if (get) {
            CHECK_EQ(get(ids[i], &mine, sizeof mine, 0), 0);
            CHECK_EQ(set(ids[i], &of_main, 0), 0);
        }
    }
    sleep_ms(1);
    mine.policy = SCHED_BATCH;
    CHECK_EQ(syscall(SYS_sched_setattr, gettid(), &mine, 0), 0);
    CHECK_EQ(sched_getscheduler(0), SCHED_BATCH);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    get = dlsym(RTLD_DEFAULT, "sched_getattr");
    set = dlsym(RTLD_DEFAULT, "sched_setattr");
    CHECK(get || !preloaded());
    CHECK_EQ(syscall(SYS_sched_getattr, 0, &of_main, sizeof of_main, 0), 0);
    pthread_t t[5];
    for (int i = 0; i < 5; i++)
        t[i] = spawn(sets, NULL);
    for (int i = 0; i < 5; i++)
        join(t[i]);
    CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
    OK("by their own ids");
    must_have_parked("time", 5);
    return 0;
}
