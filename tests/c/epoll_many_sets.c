/* 600 threads, each with an epoll set that it has waited on, add one descriptor
 * that all share, and wait: an event wakes all of them. The kernel lets a file
 * be in any number of sets, but only in 500 that are in a set themselves. */
#include "util.h"
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#define SETS 600

static int all;
static sem_t added;

static void *story(void *arg)
{
    struct epoll_event e = {.events = EPOLLIN};
    int ep = epoll_create1(0);
    CHECK(ep >= 0);
    CHECK_EQ(epoll_wait(ep, &e, 1, 1), 0);
    e.events = EPOLLIN;
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, all, &e), 0);
    sem_post(&added);
    CHECK_EQ(epoll_wait(ep, &e, 1, 10000), 1);
    CHECK_EQ(e.events, EPOLLIN);
    return arg;
}

int main(void)
{
    alarm(30);
    struct rlimit files;
    pthread_t t[SETS];
    pthread_attr_t attr;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = 1000;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
    CHECK((all = eventfd(0, 0)) >= 0);
    sem_init(&added, 0, 0);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 1 << 16);
    for (int i = 0; i < SETS; i++)
        CHECK_EQ(pthread_create(&t[i], &attr, story, NULL), 0);
    for (int i = 0; i < SETS; i++)
        sem_wait(&added);
    OK("all have it");
    sleep_ms(20);
    CHECK_EQ(write(all, &(uint64_t){1}, 8), 8);
    for (int i = 0; i < SETS; i++)
        join(t[i]);
    must_have_parked("select", SETS);
    OK("all are woken");
}
