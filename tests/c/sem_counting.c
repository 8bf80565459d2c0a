/* A semaphore lets as many in as it counts, keeps posts that come early, and
 * wakes one waiter a post; main posts to threads and threads to main. */
#include "thread.h"
#include <semaphore.h>

enum { THREADS = 30, ROUNDS = 50, ROOM = 3 };
static sem_t room, to_main, to_thread;
static atomic_int inside, most, entries;

static void *enters(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(sem_wait(&room), 0);
        int in = ++inside;
        CHECK(in <= ROOM);
        if (in > most)
            most = in;
        if (i % 10 == 0)
            sleep_ms(1);
        else
            sched_yield();
        entries++;
        inside--;
        CHECK_EQ(sem_post(&room), 0);
    }
    return arg;
}

static void *answers(void *arg)
{
    for (int i = 0; i < 1000; i++) {
        CHECK_EQ(sem_wait(&to_thread), 0);
        CHECK_EQ(sem_post(&to_main), 0);
    }
    return arg;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    int value;
    CHECK_EQ(sem_init(&room, 0, 0), 0);
    for (int i = 0; i < THREADS; i++)
        t[i] = spawn(enters, NULL);
    until_parked("sem", THREADS);
    CHECK_EQ(entries, 0);
    for (int i = 0; i < ROOM; i++)
        CHECK_EQ(sem_post(&room), 0);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    CHECK_EQ(most, ROOM);
    CHECK_EQ(sem_getvalue(&room, &value), 0);
    OK("%d entries, never more than %d inside, value %d", entries, most, value);

    CHECK_EQ(sem_init(&to_main, 0, 0), 0);
    CHECK_EQ(sem_init(&to_thread, 0, 0), 0);
    t[0] = spawn(answers, NULL);
    for (int i = 0; i < 1000; i++) {
        CHECK_EQ(sem_post(&to_thread), 0);
        CHECK_EQ(sem_wait(&to_main), 0);
    }
    join(t[0]);
    OK("1000 questions and answers");
    return 0;
}
