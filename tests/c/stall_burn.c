/* alone */
/* Threads that compute and never call anything hold nobody up for longer than
 * a time slice. */
#include "ticker.h"

static atomic_int enough;

static void *burns(void *arg)
{
    unsigned long n = 1;
    while (!enough)
        n = n * 6364136223846793005UL + 1;
    return n ? arg : NULL;
}

static void *ends_it(void *arg)
{
    sleep_ms(400);
    enough = 1;
    return arg;
}

int main(void)
{
    SAFETY_NET();
    ticker_start();
    pthread_t t = spawn(ends_it, NULL);
    beside_ticker(3, burns, NULL);
    join(t);
    ticker_finish();
    return 0;
}
