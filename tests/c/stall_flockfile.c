/* alone */
/* Threads that wait for a FILE's lock, inside libc, hold nobody up: not even
 * its owner, who waits for them to have come. */
#include "ticker.h"

enum { WRITERS = 4 };
static FILE *f;
static atomic_int coming;

static void *holds(void *arg)
{
    flockfile(f);
    pthread_barrier_wait(arg);
    while (coming < WRITERS)
        sleep_ms(1);
    sleep_ms(300);
    fputs("first\n", f);
    funlockfile(f);
    return NULL;
}

static void *writes(void *arg)
{
    coming++;
    CHECK(fputs("later\n", f) >= 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_barrier_t locked;
    char line[32];
    pthread_barrier_init(&locked, NULL, 2);
    f = tmpfile();
    CHECK(f);
    ticker_start();
    pthread_t holder = spawn(holds, &locked);
    pthread_barrier_wait(&locked);
    beside_ticker(WRITERS, writes, NULL);
    join(holder);
    ticker_finish();
    rewind(f);
    CHECK(fgets(line, sizeof line, f));
    OK("%.5s", line);
    return 0;
}
