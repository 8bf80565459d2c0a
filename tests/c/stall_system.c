/* alone */
/* Threads in system(), which waits for its child inside libc, hold nobody up,
 * and get the child's status. */
#include "ticker.h"

static void *runs(void *arg)
{
    int status = system("sleep 1; exit 3");
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 3);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    int64_t start = now_ms();
    ticker_start();
    beside_ticker(3, runs, NULL);
    CHECK(now_ms() - start >= 1000);
    ticker_finish();
    return 0;
}
