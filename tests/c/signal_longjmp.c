/* siglongjmp out of a handler that has interrupted a thread in recv, sem_wait, a sleep, a loop, poll: the thread goes on,
 * its mask is as sigsetjmp has saved it, what it waited for is not lost, and locks can be used. */
#include "thread.h"
#include <semaphore.h>
#include <setjmp.h>

static _Thread_local sigjmp_buf out;
static _Thread_local volatile int jumps;
static sem_t sem;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int pair[2];
static _Atomic int ready;

static void on_signal(int sig) { siglongjmp(out, sig); }

static int do_recv(void) { char c; return (int)recv(pair[0], &c, 1, 0); }
static int do_sem(void) { return sem_wait(&sem); }
static int do_sleep(void) { return (int)sleep(20); }
static int do_loop(void) { for (;;) __asm__ volatile(""); return 0; }
static int do_poll(void)
{
    struct pollfd p = {pair[0], POLLIN, 0};
    return poll(&p, 1, -1);
}
static int do_pause(void) { return pause(); }
static int do_accept(void)
{
    struct sockaddr_in addr;
    int l = listener(&addr), got = accept(l, NULL, NULL);
    return got;
}

static const struct { const char *name; int (*call)(void); } rows[] = {
    {"recv", do_recv}, {"sem_wait", do_sem}, {"sleep", do_sleep}, {"a loop", do_loop},
    {"poll", do_poll}, {"pause", do_pause}, {"accept", do_accept},
};

static void *jumper(void *arg)
{
    volatile int row = (int)(intptr_t)arg;
    sigset_t mask;
    for (volatile int i = 0; i < 20; i++) {
        if (sigsetjmp(out, 1) == 0) {
            ready = 1;
            rows[row].call();
            CHECK(!"it can't return");
        }
        jumps++;
        CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &mask), 0);
        CHECK_EQ(sigismember(&mask, SIGUSR1), 0);
        pthread_mutex_lock(&lock);
        sleep_ms(0);
        pthread_mutex_unlock(&lock);
    }
    /* No wait of before is in the way of one now. */
    sigaddset(&mask, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &mask, NULL);
    ready = 2;
    char c;
    CHECK_EQ(recv(pair[0], &c, 1, 0), 1);
    CHECK_EQ(c, 'x');
    while (sem_wait(&sem) == -1)
        ;
    return (void *)(intptr_t)jumps;
}

int main(void)
{
    struct sigaction act = {.sa_handler = on_signal};
    alarm(25);
    sem_init(&sem, 0, 0);
    CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tcp_pair(pair);
        ready = 0;
        pthread_t t = spawn(jumper, (void *)i);
        while (ready != 2) {
            if (ready == 1) {
                ready = 0;
                usleep(500);
                CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
            }
            sched_yield();
        }
        send_all(pair[1], "x", 1);
        sem_post(&sem);
        CHECK_EQ((intptr_t)join(t), 20);
        close(pair[0]);
        close(pair[1]);
        OK("out of %s, 20 times", rows[i].name);
    }
}
