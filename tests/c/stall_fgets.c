/* alone */
/* Threads in fgets on a socket, which libc reads by itself, hold nobody up. */
#include "ticker.h"

enum { READERS = 4 };
static int end[READERS][2];
static atomic_int next;

static void *reads(void *arg)
{
    char line[32];
    FILE *f = fdopen(end[next++][1], "r");
    CHECK(f);
    CHECK(fgets(line, sizeof line, f));
    CHECK(!strcmp(line, "late\n"));
    CHECK_EQ(fclose(f), 0);
    return arg;
}

static void *writes(void *arg)
{
    sleep_ms(300);
    for (int i = 0; i < READERS; i++)
        send_all(end[i][0], "late\n", 5);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    for (int i = 0; i < READERS; i++)
        tcp_pair(end[i]);
    ticker_start();
    pthread_t writer = spawn(writes, NULL);
    beside_ticker(READERS, reads, NULL);
    join(writer);
    ticker_finish();
    return 0;
}
