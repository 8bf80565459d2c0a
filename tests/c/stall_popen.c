/* alone */
/* Threads that read from popen() and wait in pclose() hold nobody up. */
#include "ticker.h"

static void *runs(void *arg)
{
    char line[32];
    FILE *f = popen("sleep 0.2; echo said; sleep 0.2; exit 5", "r");
    CHECK(f);
    CHECK(fgets(line, sizeof line, f));
    CHECK(!strcmp(line, "said\n"));
    int status = pclose(f);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 5);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    ticker_start();
    beside_ticker(3, runs, NULL);
    ticker_finish();
    return 0;
}
