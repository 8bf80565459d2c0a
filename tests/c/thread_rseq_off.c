/* Where glibc is told not to use restartable sequences, each thread says so,
 * and a program may register its own. */
#include "util.h"
#include <sched.h>
#include <sys/rseq.h>

static int registration(void)
{
    struct rseq *area =
        (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
    return (int)area->cpu_id;
}

static void *look(void *unused)
{
    CHECK_EQ(registration(), RSEQ_CPU_ID_REGISTRATION_FAILED);
    CHECK(sched_getcpu() >= 0);
    return unused;
}

int main(int argc, char **argv)
{
    (void)argc;
    if (!getenv("GLIBC_TUNABLES")) {
        setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);
        execv("/proc/self/exe", argv);
    }
    CHECK_EQ(__rseq_size, 0);
    CHECK_EQ(registration(), RSEQ_CPU_ID_REGISTRATION_FAILED);
    OK("main has none");
    pthread_t thread;
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pthread_create(&thread, NULL, look, NULL), 0);
        CHECK_EQ(pthread_join(thread, NULL), 0);
    }
    OK("neither has a thread, new or in the place of an ended one");
    return 0;
}
