/* Ten thousand threads cancelled in every state: not started, running, queued, in every kind of wait. Memory and
 * descriptors are as before. */
/* time: 90 */
/* cflags: -Wno-unused-result -Wno-implicit-fallthrough */
#include "cancel.h"
#include "thread.h"
#include <dirent.h>
#include <semaphore.h>
#include <sys/epoll.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static sem_t sem;
static int fds[2], pair[2], l, ep;
static atomic_int alive;

static void unlock(void *m) { CHECK_EQ(pthread_mutex_unlock(m), 0); }
static void gone(void *arg)
{
    (void)arg;
    alive--;
}

static void waits(int how)
{
    char c;
    switch (how) {
    case 0: read(fds[0], &c, 1); break;
    case 1: recv(pair[0], &c, 1, 0); break;
    case 2: sleep(100); break;
    case 3: sem_wait(&sem); break;
    case 4: accept(l, NULL, NULL); break;
    case 5: poll(&(struct pollfd){fds[0], POLLIN, 0}, 1, -1); break;
    case 6: epoll_wait(ep, &(struct epoll_event){0}, 1, -1); break;
    case 7: pause(); break;
    case 8:
        for (;;)
            pthread_testcancel();
    case 9:
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
        for (;;)
            ;
    case 10:
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
        for (;;)
            sched_yield();
    case 11: select(fds[0] + 1, &(fd_set){{1 << fds[0]}}, NULL, NULL, NULL); break;
    case 12:
        pthread_mutex_lock(&mutex);
        pthread_cleanup_push(unlock, &mutex);
        for (;;)
            pthread_cond_wait(&cond, &mutex);
        pthread_cleanup_pop(0);
    }
}

static void *start(void *how)
{
    alive++;
    pthread_cleanup_push(gone, NULL);
    waits((int)(intptr_t)how);
    pthread_cleanup_pop(1);
    return NULL;
}

static int descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

enum { BATCH = 20 };

static void storm(int batches)
{
    for (int i = 0; i < batches; i++) {
        pthread_t t[BATCH];
        for (int k = 0; k < BATCH; k++)
            t[k] = spawn(start, (void *)(intptr_t)((i * BATCH + k) % 13));
        if (i % 4 == 1)
            usleep(200);
        if (i % 4 == 2)
            sched_yield();
        for (int k = 0; k < BATCH; k++)
            CHECK_EQ(pthread_cancel(t[k]), 0);
        for (int k = 0; k < BATCH; k++)
            CHECK(join(t[k]) == PTHREAD_CANCELED);
    }
}

int main(void)
{
    cancel_net();
    alarm(80);
    struct sockaddr_in addr;
    CHECK_EQ(pipe(fds), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    l = listener(&addr);
    CHECK((ep = epoll_create1(0)) >= 0);
    epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &(struct epoll_event){.events = EPOLLIN});
    sem_init(&sem, 0, 0);
    cancel_at("warm-up");
    storm(50);
    int before = descriptors();
    long kb = status_kb("VmRSS");
    cancel_at("storm");
    storm(500);
    CHECK_EQ(alive, 0);
    CHECK(descriptors() <= before + 4); /* a spare OS thread's, once */
    CHECK(status_kb("VmRSS") - kb < 4096);
    OK("ten thousand threads");
    /* Nothing is left of the waiters: what they waited for works. */
    char c;
    CHECK_EQ(write(fds[1], "x", 1), 1);
    CHECK_EQ(read(fds[0], &c, 1), 1);
    CHECK_EQ(send(pair[1], "x", 1, 0), 1);
    CHECK_EQ(recv(pair[0], &c, 1, 0), 1);
    int value;
    CHECK_EQ(sem_post(&sem), 0);
    sem_getvalue(&sem, &value);
    CHECK_EQ(value, 1);
    CHECK_EQ(sem_destroy(&sem), 0);
    CHECK_EQ(pthread_cond_destroy(&cond), 0);
    CHECK_EQ(pthread_mutex_destroy(&mutex), 0);
    OK("nobody waits any more");
    return 0;
}
