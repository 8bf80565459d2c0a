/* A thread that runs off its stack dies of SIGSEGV at the guard and takes the
 * process with it; it does not scribble over a neighbour. */
#include "thread.h"
#include <sys/resource.h>

static int __attribute__((noinline)) forever(int n)
{
    volatile char frame[1024];
    frame[n % 1024] = 1;
    if (n < 0)
        return 0;
    return forever(n + 1) + frame[0];
}

static void *overflows(void *arg)
{
    (void)arg;
    return (void *)(long)forever(0);
}

int main(void)
{
    SAFETY_NET();
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        struct rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        pthread_attr_t small;
        pthread_t t;
        CHECK_EQ(pthread_attr_init(&small), 0);
        CHECK_EQ(pthread_attr_setstacksize(&small, 128 << 10), 0);
        CHECK_EQ(pthread_create(&t, &small, overflows, NULL), 0);
        join(t);
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGSEGV);
    OK("SIGSEGV ends the process");
    return 0;
}
