/* Semaphores between processes: in shared memory and by name; threads of one
 * process wait for posts of the other. */
#include "thread.h"
#include <semaphore.h>
#include <sys/mman.h>

enum { ROUNDS = 300 };
static struct shared {
    sem_t turn[2];
    int passes; /* who may touch it is who has the turn */
} *s;

static void *plays(void *arg)
{
    long me = (long)arg;
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(sem_wait(&s->turn[me]), 0);
        CHECK_EQ(s->passes, 2 * i + me);
        s->passes++;
        CHECK_EQ(sem_post(&s->turn[!me]), 0);
    }
    return NULL;
}

static void *waits(void *arg)
{
    CHECK_EQ(sem_wait(arg), 0);
    return NULL;
}

static void ended_well(pid_t pid)
{
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
}

int main(void)
{
    SAFETY_NET();
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(s != MAP_FAILED);
    CHECK_EQ(sem_init(&s->turn[0], 1, 1), 0);
    CHECK_EQ(sem_init(&s->turn[1], 1, 0), 0);
    pid_t pid = fork();
    if (pid == 0) {
        SAFETY_NET();
        join(spawn(plays, (void *)1L));
        _exit(0);
    }
    join(spawn(plays, (void *)0L));
    ended_well(pid);
    OK("%d rounds in shared memory", ROUNDS);

    char name[64];
    snprintf(name, sizeof name, "/iopatch-test-%d", getpid());
    CHECK(sem_open(name, 0) == SEM_FAILED);
    CHECK_EQ(errno, ENOENT);
    sem_t *named = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
    CHECK(named != SEM_FAILED);
    CHECK(sem_open(name, O_CREAT | O_EXCL, 0600, 0) == SEM_FAILED);
    CHECK_EQ(errno, EEXIST);
    CHECK(sem_open(name, 0) == named);
    CHECK_EQ(sem_close(named), 0);
    int64_t start = now_ns();
    if ((pid = fork()) == 0) {
        sem_t *theirs = sem_open(name, 0);
        sleep_ms(20);
        for (int i = 0; i < 5; i++)
            sem_post(theirs);
        _exit(0);
    }
    pthread_t t[5];
    for (int i = 0; i < 5; i++)
        t[i] = spawn(waits, named);
    for (int i = 0; i < 5; i++)
        join(t[i]);
    CHECK(now_ns() - start >= 20000000); /* nobody came before the first post */
    ended_well(pid);
    CHECK_EQ(sem_close(named), 0);
    CHECK_EQ(sem_unlink(name), 0);
    CHECK_ERRNO(sem_unlink(name), ENOENT);
    OK("5 posts by name");
    return 0;
}
