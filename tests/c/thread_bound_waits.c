/* A thread whose CPUs another one has set waits, is woken, signalled and
 * cancelled, and forks, as any. */
#include "asleep.h"
#include "thread.h"
#include <sched.h>
#include <semaphore.h>

static cpu_set_t allowed;
static struct gate gate;
static int ends_of[2];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem;
static atomic_int turn, cleaned;
static volatile sig_atomic_t handled;
static pthread_t handled_by;

static void bind_thread(pthread_t thread)
{
    CHECK_EQ(pthread_setaffinity_np(thread, sizeof allowed, &allowed), 0);
}

static void *reads(void *arg)
{
    char c;
    enter(&gate);
    CHECK_EQ(read(ends_of[0], &c, 1), 1);
    CHECK_EQ(read(ends_of[0], &c, 1), 1);
    return arg;
}

static void *locks(void *arg)
{
    enter(&gate);
    CHECK_EQ(pthread_mutex_lock(&mutex), 0);
    while (turn == 0)
        CHECK_EQ(pthread_cond_wait(&cond, &mutex), 0);
    CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
    return arg;
}

static void *posts(void *arg)
{
    CHECK_EQ(sem_post(&sem), 0);
    return arg;
}

static void *waits_for_all(void *arg)
{
    enter(&gate);
    CHECK_EQ(sem_wait(&sem), 0);
    join(spawn(posts, NULL));
    CHECK_EQ(sem_wait(&sem), 0);
    int64_t start = now_ms();
    sleep_ms(30);
    CHECK(now_ms() - start >= 30);
    struct timespec soon = in_ms(CLOCK_REALTIME, 20);
    CHECK_ERRNO(sem_timedwait(&sem, &soon), ETIMEDOUT);
    pid_t child = fork();
    if (!child)
        _exit(7);
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(WEXITSTATUS(status), 7);
    return arg;
}

static void on_signal(int signum)
{
    (void)signum;
    handled_by = pthread_self();
    handled++;
}

static void *is_signalled(void *arg)
{
    char c;
    enter(&gate);
    CHECK_ERRNO(read(ends_of[0], &c, 1), EINTR);
    CHECK(pthread_equal(handled_by, pthread_self()));
    return arg;
}

static void clean(void *arg)
{
    (void)arg;
    cleaned++;
}

static void *is_cancelled(void *arg)
{
    char c;
    pthread_cleanup_push(clean, NULL);
    enter(&gate);
    read(ends_of[0], &c, 1);
    pthread_cleanup_pop(0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    CHECK_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    CHECK_EQ(pipe(ends_of), 0);

    gate_open(&gate, "rw");
    pthread_t t = spawn(reads, NULL);
    until_asleep(&gate, 1);
    bind_thread(t);
    CHECK_EQ(write(ends_of[1], "a", 1), 1);
    sleep_ms(20);
    CHECK_EQ(write(ends_of[1], "b", 1), 1);
    join(t);
    OK("reads a pipe");

    gate_open(&gate, "mutex");
    CHECK_EQ(pthread_mutex_lock(&mutex), 0);
    t = spawn(locks, NULL);
    until_asleep(&gate, 1);
    bind_thread(t);
    CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
    sleep_ms(20);
    CHECK_EQ(pthread_mutex_lock(&mutex), 0);
    turn = 1;
    CHECK_EQ(pthread_cond_signal(&cond), 0);
    CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
    join(t);
    OK("locks a mutex, waits on a condition");

    gate_open(&gate, "sem");
    CHECK_EQ(sem_init(&sem, 0, 0), 0);
    t = spawn(waits_for_all, NULL);
    until_asleep(&gate, 1);
    bind_thread(t);
    CHECK_EQ(sem_post(&sem), 0);
    join(t);
    OK("takes a semaphore, joins, sleeps, times out, forks");

    struct sigaction act = {.sa_handler = on_signal};
    CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
    gate_open(&gate, "rw");
    t = spawn(is_signalled, NULL);
    until_asleep(&gate, 1);
    bind_thread(t);
    CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
    join(t);
    CHECK_EQ(handled, 1);
    OK("is interrupted by a signal");

    gate_open(&gate, "rw");
    t = spawn(is_cancelled, NULL);
    until_asleep(&gate, 1);
    bind_thread(t);
    void *result;
    CHECK_EQ(pthread_cancel(t), 0);
    CHECK_EQ(pthread_join(t, &result), 0);
    CHECK(result == PTHREAD_CANCELED);
    CHECK_EQ(cleaned, 1);
    OK("is cancelled");
    return 0;
}
