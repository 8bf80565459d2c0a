/* fork in main while threads wait in many ways: the child, alone, can use
 * sockets and threads; the parent's threads never notice. */
#include "thread.h"
#include <semaphore.h>

static sem_t s;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int go, pair[2];
static atomic_int through;

static void *in_sem(void *arg) { sem_wait(&s), through++; return arg; }
static void *in_sleep(void *arg) { sleep_ms(100), through++; return arg; }
static void *in_read(void *arg)
{
    char byte;
    recv_all(pair[0], &byte, 1);
    through++;
    return arg;
}
static void *in_cond(void *arg)
{
    pthread_mutex_lock(&m);
    while (!go)
        pthread_cond_wait(&c, &m);
    pthread_mutex_unlock(&m);
    through++;
    return arg;
}

static void *echoes(void *arg)
{
    char byte;
    recv_all(*(int *)arg, &byte, 1);
    send_all(*(int *)arg, &byte, 1);
    return NULL;
}

/* A process that is as good as new, threads and sockets and all. */
static void works(void)
{
    int end[2];
    char byte = 0;
    SAFETY_NET();
    CHECK_EQ(gettid(), getpid());
    tcp_pair(end);
    pthread_t t = spawn(echoes, &end[1]);
    sleep_ms(5);
    send_all(end[0], "x", 1);
    recv_all(end[0], &byte, 1);
    CHECK_EQ(byte, 'x');
    join(t);
}

int main(void)
{
    SAFETY_NET();
    int status;
    sem_init(&s, 0, 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    pthread_t t[4] = {spawn(in_sem, NULL), spawn(in_sleep, NULL), spawn(in_read, NULL),
                      spawn(in_cond, NULL)};
    sleep_ms(20);
    for (int i = 0; i < 5; i++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            works();
            _exit(0);
        }
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK_EQ(status, 0);
    }
    OK("5 children");
    sem_post(&s);
    pthread_mutex_lock(&m);
    go = 1;
    pthread_cond_signal(&c);
    pthread_mutex_unlock(&m);
    send_all(pair[1], "x", 1);
    for (int i = 0; i < 4; i++)
        join(t[i]);
    OK("%d threads went on", through);
    return 0;
}
