/* A thread may end the process: exit() in a thread, while main joins and others
 * sleep, runs the exit handlers, flushes stdio and gives the status; return
 * from main ends sleeping threads. */
#include "thread.h"

static void handler(void)
{
    printf("ok: exit handler\n");
}

static void *sleeps(void *arg)
{
    sleep_ms(60000);
    return arg;
}

static void *exits(void *arg)
{
    (void)arg;
    sleep_ms(10);
    printf("ok: flushed by exit\n");
    exit(7);
}

static int child(int from_thread)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        SAFETY_NET();
        atexit(handler);
        for (int i = 0; i < 10; i++)
            spawn(sleeps, NULL);
        if (from_thread)
            join(spawn(exits, NULL));
        sleep_ms(10);
        exit(8);
    }
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

int main(void)
{
    SAFETY_NET();
    OK("status %d", child(1));
    OK("status %d", child(0));
    atexit(handler);
    spawn(sleeps, NULL);
    sleep_ms(10);
    return 0;
}
