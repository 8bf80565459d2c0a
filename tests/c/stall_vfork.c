/* alone */
/* Threads whose vfork children take their time hold nobody up but themselves;
 * a signal to such a thread arrives when it goes on. */
#include "ticker.h"

static atomic_int handled;
static volatile int in_time = 1;

static void handler(int signum) { (void)signum, handled++; }

static void *forks(void *arg)
{
    int status;
    int64_t start = now_ms();
    pid_t pid = vfork();
    if (pid == 0) {
        usleep(300000);
        if (handled)
            in_time = 0;
        execl("/bin/sh", "sh", "-c", "exit 3", NULL);
        _exit(127);
    }
    CHECK(now_ms() - start >= 300);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 3 << 8);
    return arg;
}

static void *is_told(void *arg)
{
    forks(arg);
    CHECK_EQ(handled, 1);
    return NULL;
}

int main(void)
{
    struct sigaction action = {.sa_handler = handler};
    SAFETY_NET();
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    ticker_start();
    beside_ticker(6, forks, NULL);
    pthread_t t = spawn(is_told, NULL);
    sleep_ms(100);
    CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
    join(t);
    CHECK(in_time);
    ticker_finish();
    return 0;
}
