/* alone */
/* Threads in waitpid hold nobody up, and each gets its own child's status. */
#include "ticker.h"

static void *waits(void *arg)
{
    static atomic_int next;
    int mine = ++next, status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        sleep_ms(300);
        _exit(mine);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), mine);
    CHECK_ERRNO(waitpid(pid, &status, 0), ECHILD);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    ticker_start();
    beside_ticker(4, waits, NULL);
    ticker_finish();
    return 0;
}
