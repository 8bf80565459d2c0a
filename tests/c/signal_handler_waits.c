/* A handler may do what async-signal-safe functions do, and these may wait: write, read, nanosleep, sem_post, waitpid in
 * a handler that has interrupted a thread that waits, that computes, and that holds a lock. errno is the thread's. */
#include "asleep.h"
#include "thread.h"
#include <semaphore.h>

static int to[2], from[2], main_pipe[2];
static sem_t done, never;
static _Atomic int in_handler, stop;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void on_signal(int sig)
{
    int saved = errno;
    char c = 0;
    struct timespec ms = {0, 1000000};
    CHECK_EQ(sig, SIGUSR1);
    in_handler++;
    nanosleep(&ms, NULL);
    CHECK_EQ(write(to[1], "a", 1), 1);
    CHECK_EQ(read(from[0], &c, 1), 1); /* waits for the answer */
    CHECK_EQ(c, 'b');
    poll(NULL, 0, 1);
    sem_post(&done);
    in_handler--;
    errno = saved;
}

static void *recvs(void *arg)
{
    int *pair = arg;
    char buf[5] = "";
    errno = 77;
    for (int i = 0; i < 5; i++)
        CHECK_EQ(read(pair[0], buf + i, 1), 1);
    CHECK_EQ(errno, 77);
    CHECK(!memcmp(buf, "hello", 5));
    return NULL;
}

static void *computes(void *arg)
{
    unsigned long x = 1;
    errno = 78;
    while (!stop)
        x = x * 6364136223846793005UL + 1;
    CHECK_EQ(errno, 78);
    return x ? arg : NULL;
}

static void *locks(void *arg)
{
    errno = 79;
    while (!stop) {
        pthread_mutex_lock(&lock);
        usleep(10);
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

static void *sem_waits(void *arg)
{
    while (!stop)
        if (sem_wait(&never) == -1)
            CHECK_EQ(errno, EINTR);
    return arg;
}

static _Atomic int slept;
static void sleeps(int sig)
{
    usleep(1000);
    slept += sig == SIGUSR2;
}

static void *is_interrupted(void *arg)
{
    char c;
    *(_Atomic int *)arg = 1;
    CHECK_ERRNO(read(main_pipe[0], &c, 1), EINTR);
    CHECK_EQ(slept, 1);
    return NULL;
}

static void signal_it(pthread_t t, int times)
{
    char c;
    for (int i = 0; i < times; i++) {
        CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
        CHECK_EQ(read(to[0], &c, 1), 1);
        CHECK_EQ(in_handler, 1);
        sleep_ms(1);
        CHECK_EQ(write(from[1], "b", 1), 1);
        while (sem_wait(&done) == -1)
            CHECK_EQ(errno, EINTR);
    }
}

int main(void)
{
    pthread_t t;
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    alarm(25);
    CHECK(pipe(to) == 0 && pipe(from) == 0 && pipe(main_pipe) == 0);
    sem_init(&done, 0, 0);
    sem_init(&never, 0, 0);
    CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);

    t = spawn(recvs, main_pipe);
    for (int i = 0; i < 5; i++) {
        signal_it(t, 5);
        CHECK_EQ(write(main_pipe[1], &"hello"[i], 1), 1);
    }
    join(t);
    OK("while it reads");
    t = spawn(computes, &t);
    signal_it(t, 20);
    stop = 1;
    join(t);
    OK("while it computes");
    stop = 0;
    pthread_t others[3];
    for (int i = 0; i < 3; i++)
        others[i] = spawn(locks, NULL);
    t = spawn(locks, NULL);
    signal_it(t, 20);
    stop = 1;
    join(t);
    for (int i = 0; i < 3; i++)
        join(others[i]);
    OK("while it locks and unlocks");
    stop = 0;
    t = spawn(sem_waits, NULL);
    signal_it(t, 20);
    stop = 1;
    sem_post(&never);
    join(t);
    OK("while it waits for a semaphore");

    struct sigaction plain = {.sa_handler = sleeps};
    _Atomic int began = 0;
    CHECK_EQ(sigaction(SIGUSR2, &plain, NULL), 0);
    t = spawn(is_interrupted, &began);
    while (!began)
        sleep_ms(1);
    sleep_ms(20);
    CHECK_EQ(pthread_kill(t, SIGUSR2), 0);
    join(t);
    OK("a wait of the handler's own does not hide that the thread's was interrupted");
}
