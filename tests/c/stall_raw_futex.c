/* alone */
/* Threads in a futex system call made by their own instruction, which no
 * library can see, hold nobody up; that includes whoever is to wake them. */
#include "ticker.h"
#include <linux/futex.h>
#include <sys/syscall.h>

static _Atomic uint32_t word;

static long raw_futex(int op, long value)
{
    long result;
    register long timeout __asm__("r10") = 0;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_futex), "D"(&word), "S"(op | FUTEX_PRIVATE_FLAG),
                       "d"(value), "r"(timeout)
                     : "rcx", "r11", "memory");
    return result;
}

static void *waits(void *arg)
{
    while (word == 0)
        raw_futex(FUTEX_WAIT, 0);
    return arg;
}

static void *wakes(void *arg)
{
    sleep_ms(300);
    word = 1;
    raw_futex(FUTEX_WAKE, INT_MAX);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    ticker_start();
    pthread_t waker = spawn(wakes, NULL);
    beside_ticker(5, waits, NULL);
    join(waker);
    ticker_finish();
    return 0;
}
