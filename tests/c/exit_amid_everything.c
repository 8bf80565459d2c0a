/* The process ends at once and with its status, by main or by a thread (exit, _exit, quick_exit, exec, a return from
 * main), while others wait in every way, fork, make threads, allocate and burn; its handlers lock, join and create. */
/* time: 60 */
#include "thread.h"
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER, shared = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t written = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t none;
static int silent[2], quiet[2];
static pthread_t sleeper;

#define THREAD(name, ...)                                                      \
    static void *name(void *arg)                                               \
    {                                                                          \
        for (;;)                                                               \
            __VA_ARGS__;                                                       \
        return arg;                                                            \
    }

static void *ends(void *arg) { return arg; }

static void look(int ready) { (void)ready; }

/* One that must not count on it: the kernel makes no threads for a process that is about to become another. */
static int made(pthread_t *thread) { return pthread_create(thread, NULL, ends, NULL) == 0; }

THREAD(locks, pthread_mutex_lock(&held))
THREAD(condition, { pthread_mutex_lock(&shared); pthread_cond_wait(&never, &shared); pthread_mutex_unlock(&shared); })
THREAD(reads_locked, pthread_rwlock_rdlock(&written))
THREAD(semaphore, sem_wait(&none))
THREAD(meets, pthread_barrier_wait(&barrier))
THREAD(reads, { char c; look((int)read(silent[0], &c, 1)); })
THREAD(receives, { char c; look((int)recv(quiet[0], &c, 1, 0)); })
THREAD(polls, { struct pollfd p = {silent[0], POLLIN, 0}; poll(&p, 1, -1); })
THREAD(selects, { fd_set s; FD_ZERO(&s); FD_SET(silent[0], &s); select(silent[0] + 1, &s, NULL, NULL, NULL); })
THREAD(epolls, { struct epoll_event e; epoll_wait(epoll_create1(0), &e, 1, -1); })
THREAD(streams, { char c; look((int)fread(&c, 1, 1, fdopen(dup(silent[0]), "r"))); })
THREAD(sleeps, sleep_ms(1000))
THREAD(joins, { pthread_join(sleeper, NULL); pause(); })
THREAD(pauses, pause())
THREAD(burns, __asm__ volatile("" ::: "memory"))
THREAD(yields, sched_yield())
THREAD(allocates, free(malloc((size_t)rand() % 4000)))
THREAD(creates, { pthread_t t; if (made(&t)) join(t); })
THREAD(detaches, { pthread_t t; if (made(&t)) pthread_detach(t); sleep_ms(1); })
THREAD(forks, { pid_t child = fork(); if (child == 0) _exit(0); waitpid(child, NULL, 0); })
THREAD(contends, { pthread_mutex_lock(&shared); pthread_mutex_unlock(&shared); })

static void *(*const all[])(void *) = {locks,   condition, reads_locked, semaphore, meets,  reads,     receives,
                                       polls,   selects,   epolls,       streams,   sleeps, joins,     pauses,
                                       burns,   yields,    allocates,    creates,   forks,  detaches,  contends};

static void handler(void)
{
    pthread_mutex_lock(&shared);
    pthread_cond_broadcast(&never);
    pthread_mutex_unlock(&shared);
    join(spawn(ends, NULL));
}

enum way { EXIT, UNDERSCORE, QUICK, EXEC, RETURN, WAYS };

static void leave(enum way way)
{
    switch (way) {
    case EXIT: exit(3);
    case UNDERSCORE: _exit(3);
    case QUICK: quick_exit(3);
    case EXEC: execl("/bin/sh", "sh", "-c", "exit 3", NULL); _exit(9);
    default: return;
    }
}

static void *leaves(void *arg)
{
    leave((enum way)(intptr_t)arg);
    return NULL;
}

static int process(enum way way, int in_thread, long ms)
{
    SAFETY_NET();
    CHECK_EQ(pipe(silent), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, quiet), 0);
    CHECK_EQ(sem_init(&none, 0, 0), 0);
    CHECK_EQ(pthread_barrier_init(&barrier, NULL, 99), 0);
    pthread_mutex_lock(&held);
    pthread_rwlock_wrlock(&written);
    CHECK_EQ(atexit(handler), 0);
    CHECK_EQ(at_quick_exit(handler), 0);
    sleeper = spawn(sleeps, NULL);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        spawn(all[i], NULL);
    sleep_ms(ms);
    if (in_thread) {
        spawn(leaves, (void *)(intptr_t)way);
        for (;;)
            pause();
    }
    leave(way);
    return 3;
}

int main(void)
{
    int ended = 0;
    for (int n = 0; n < 2 * WAYS * 2; n++) {
        enum way way = n % WAYS;
        int in_thread = n / WAYS % 2 && way != RETURN, status;
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            return process(way, in_thread, n / (2 * WAYS) * 5);
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
        ended++;
    }
    OK("%d of %d ended with their status", ended, 2 * WAYS * 2);
    return 0;
}
