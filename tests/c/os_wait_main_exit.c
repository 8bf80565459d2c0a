/* main has left by pthread_exit; a thread waits for its child. The process ends
 * with that thread, whatever watched the child. */
#include "thread.h"

static void *waits(void *arg)
{
    int status;
    sleep_ms(20);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        sleep_ms(50);
        _exit(4);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 4 << 8);
    must_have_parked("os", 1);
    OK("the child's status");
    return arg;
}

int main(void)
{
    SAFETY_NET();
    spawn(waits, NULL);
    pthread_exit(NULL);
}
