/* Several threads in waitpid for the same child: one gets it, the others are
 * told that there is none. */
#include "asleep.h"

enum { N = 8 };
static struct gate gate;
static pid_t pid;
static atomic_int got, none;

static void *waits(void *arg)
{
    int status;
    enter(&gate);
    if (waitpid(pid, &status, 0) == pid) {
        CHECK_EQ(status, 9 << 8);
        got++;
    } else {
        CHECK_EQ(errno, ECHILD);
        none++;
    }
    return arg;
}

int main(void)
{
    pthread_t t[N];
    int hold[2];
    alarm(25);
    for (int round = 0; round < 20; round++) {
        CHECK_EQ(pipe(hold), 0);
        got = none = 0;
        pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            char byte;
            close(hold[1]);
            CHECK_EQ(read(hold[0], &byte, 1), 0);
            _exit(9);
        }
        gate_open(&gate, "os");
        for (int i = 0; i < N; i++)
            t[i] = spawn(waits, NULL);
        until_asleep(&gate, N);
        close(hold[0]);
        close(hold[1]);
        for (int i = 0; i < N; i++)
            join(t[i]);
        CHECK_EQ(got, 1);
        CHECK_EQ(none, N - 1);
    }
    OK("one of %d gets the child", N);
    return 0;
}
