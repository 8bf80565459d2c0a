/* Detached threads run to their end: made so by attribute, detached by
 * another, by themselves, or after they have ended. */
#include "thread.h"
#include <semaphore.h>

static sem_t done;

static void *posts(void *arg)
{
    sleep_ms(5);
    sem_post(&done);
    return arg;
}

static void *detaches_itself(void *arg)
{
    CHECK_EQ(pthread_detach(pthread_self()), 0);
    return posts(arg);
}

static void *ends(void *arg) { return arg; }

int main(void)
{
    SAFETY_NET();
    enum { EACH = 20 };
    pthread_attr_t detached;
    sem_init(&done, 0, 0);
    CHECK_EQ(pthread_attr_init(&detached), 0);
    CHECK_EQ(pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED), 0);
    CHECK_EQ(pthread_attr_setdetachstate(&detached, 77), EINVAL);
    for (int i = 0; i < EACH; i++) {
        pthread_t t;
        CHECK_EQ(pthread_create(&t, &detached, posts, NULL), 0);
        CHECK_EQ(pthread_detach(spawn(posts, NULL)), 0);
        spawn(detaches_itself, NULL);
        pthread_t ended = spawn(ends, NULL);
        sleep_ms(1);
        CHECK_EQ(pthread_detach(ended), 0);
    }
    for (int i = 0; i < 3 * EACH; i++)
        CHECK_EQ(sem_wait(&done), 0);
    OK("%d detached threads ran to their end", 3 * EACH);
    CHECK_EQ(sem_trywait(&done), -1);
    CHECK_EQ(errno, EAGAIN);
    OK("each once");
    most_parked("time", 3 * EACH);
    return 0;
}
