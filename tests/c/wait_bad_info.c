/* waitid writes who has ended when it has waited, so an address where it can't
 * is found then: EFAULT, and the child is gone. */
#include "asleep.h"

static struct gate gate;

static void *wait_for(void *arg)
{
    enter(&gate);
    CHECK_ERRNO(waitid(P_PID, *(id_t *)arg, (siginfo_t *)16, WEXITED), EFAULT);
    return arg;
}

int main(void)
{
    int p[2];
    char c;
    alarm(20);
    CHECK_EQ(pipe(p), 0);
    pid_t child = fork();
    if (child == 0) {
        close(p[1]);
        _exit(read(p[0], &c, 1) == 0 ? 0 : 1);
    }
    gate_open(&gate, "os");
    pthread_t t = spawn(wait_for, &child);
    while (gate.n < 1)
        sleep_ms(1);
    sleep_ms(20);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    close(p[1]);
    join(t);
    CHECK_ERRNO(waitpid(child, NULL, 0), ECHILD);
    OK("waitid waits, then says EFAULT");
}
