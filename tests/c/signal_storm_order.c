/* Two threads send a third 20,000 signals each while it reads, locks and sleeps: of SIGRTMIN each one arrives, with its
 * value and in order of its sender; the work is right, and nothing hangs. */
/* time: 60 */
#include "thread.h"

#define EACH 20000
static _Atomic int caught[2], merged, finished;
static int last[2] = {-1, -1};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long shared;
static pthread_t target;

static void on_value(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    int value = info->si_value.sival_int, from = value & 1;
    CHECK_EQ(value >> 1, last[from] + 1);
    last[from]++;
    caught[from]++;
}

static void on_usr1(int sig) { merged += sig == SIGUSR1; }

static int echo[2], back[2];

static void *echoes(void *arg)
{
    char c;
    while (read(echo[0], &c, 1) == 1)
        CHECK_EQ(write(back[1], &c, 1), 1);
    return arg;
}

static void *works(void *arg)
{
    int n = 0;
    while (finished < 2 || caught[0] + caught[1] < 2 * EACH) {
        char c = (char)n, d = 0;
        ssize_t k;
        CHECK_EQ(write(echo[1], &c, 1), 1);
        do
            k = read(back[0], &d, 1);
        while (k == -1 && errno == EINTR);
        CHECK_EQ(k, 1);
        CHECK_EQ(c, d);
        pthread_mutex_lock(&lock);
        shared++;
        pthread_mutex_unlock(&lock);
        usleep(20);
        n++;
    }
    CHECK_EQ(shared >= n, 1);
    return arg;
}

static void *sends(void *arg)
{
    int me = (int)(intptr_t)arg;
    for (int i = 0; i < EACH; i++) {
        int error;
        while ((error = pthread_sigqueue(target, SIGRTMIN, (union sigval){.sival_int = i << 1 | me})) == EAGAIN)
            usleep(100);
        CHECK_EQ(error, 0);
        if (i % 4 == 0)
            pthread_kill(target, SIGUSR1);
        if (i % 64 == 0) {
            pthread_mutex_lock(&lock);
            shared++;
            pthread_mutex_unlock(&lock);
        }
    }
    finished++;
    return NULL;
}

int main(int argc, char **argv)
{
    struct sigaction act = {.sa_sigaction = on_value, .sa_flags = SA_SIGINFO};
    struct sigaction usr1 = {.sa_handler = on_usr1, .sa_flags = SA_RESTART};
    (void)argc, (void)argv;
    alarm(55);
    CHECK_EQ(sigaction(SIGRTMIN, &act, NULL), 0);
    CHECK_EQ(sigaction(SIGUSR1, &usr1, NULL), 0);
    CHECK(pipe(echo) == 0 && pipe(back) == 0);
    pthread_t e = spawn(echoes, NULL);
    target = spawn(works, NULL);
    pthread_t a = spawn(sends, (void *)0), b = spawn(sends, (void *)1);
    join(a);
    join(b);
    join(target);
    CHECK_EQ(caught[0], EACH);
    CHECK_EQ(caught[1], EACH);
    CHECK(merged >= 1);
    close(echo[1]);
    join(e);
    OK("each of 40,000 signals arrived, in order");
}
