/* pthread_setname_np and pthread_getname_np: each thread has its own name, of
 * at most 15 bytes; a new thread has its maker's; main's is the program's. */
#include "thread.h"
#include <semaphore.h>
#include <sys/prctl.h>

static sem_t go;

static void *named(void *arg)
{
    char name[16];
    CHECK_EQ(pthread_setname_np(pthread_self(), arg), 0);
    sched_yield();
    sleep_ms(2);
    CHECK_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
    CHECK(!strcmp(name, arg));
    CHECK_EQ(sem_wait(&go), 0);
    return NULL;
}

static void *inherits(void *arg)
{
    CHECK_EQ(pthread_getname_np(pthread_self(), arg, 16), 0);
    return NULL;
}

static void *own_by_prctl(void *arg)
{
    char name[16];
    CHECK_EQ(prctl(PR_SET_NAME, "by prctl"), 0);
    sleep_ms(2);
    CHECK_EQ(prctl(PR_GET_NAME, name), 0);
    CHECK(!strcmp(name, "by prctl"));
    CHECK_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
    CHECK(!strcmp(name, "by prctl"));
    return arg;
}

int main(void)
{
    SAFETY_NET();
    char name[16];
    sem_init(&go, 0, 0);
    pthread_t a = spawn(named, "alpha"), b = spawn(named, "fifteen bytes..");
    until_parked("sem", 2);
    sleep_ms(30);
    CHECK_EQ(pthread_getname_np(a, name, sizeof name), 0);
    CHECK(!strcmp(name, "alpha"));
    CHECK_EQ(pthread_getname_np(b, name, sizeof name), 0);
    CHECK(!strcmp(name, "fifteen bytes.."));
    OK("each has its own");
    CHECK_EQ(pthread_setname_np(a, "renamed"), 0);
    CHECK_EQ(pthread_getname_np(a, name, sizeof name), 0);
    CHECK(!strcmp(name, "renamed"));
    OK("another thread may change it");
    CHECK_EQ(pthread_setname_np(a, "sixteen bytes..."), ERANGE);
    CHECK_EQ(pthread_getname_np(a, name, 15), ERANGE);
    OK("ERANGE for a longer name and a shorter buffer");
    sem_post(&go);
    sem_post(&go);
    join(a);
    join(b);

    CHECK_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
    CHECK(!strncmp(name, "thread_names", 12));
    CHECK_EQ(pthread_setname_np(pthread_self(), "maker"), 0);
    join(spawn(inherits, name));
    CHECK(!strcmp(name, "maker"));
    OK("a new thread has its maker's");
    join(spawn(own_by_prctl, NULL));
    CHECK_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
    CHECK(!strcmp(name, "maker"));
    OK("prctl names the calling thread only");
    return 0;
}
