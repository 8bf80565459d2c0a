/* A process-shared condition variable: threads of two processes pass a ball
 * 500 times, timed waits included. */
#include "thread.h"
#include <sys/mman.h>

enum { ROUNDS = 500 };
static struct shared {
    pthread_mutex_t m;
    pthread_cond_t c;
    int ball, hits;
} *s;

static void *plays(void *arg)
{
    int me = (int)(long)arg;
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(pthread_mutex_lock(&s->m), 0);
        struct timespec late = in_ms(CLOCK_REALTIME, 20000);
        while (s->ball != me)
            CHECK_EQ(i % 2 ? pthread_cond_wait(&s->c, &s->m)
                           : pthread_cond_timedwait(&s->c, &s->m, &late), 0);
        s->ball = !me;
        s->hits++;
        CHECK_EQ(pthread_cond_broadcast(&s->c), 0);
        CHECK_EQ(pthread_mutex_unlock(&s->m), 0);
    }
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(s != MAP_FAILED);
    pthread_mutexattr_t ma;
    pthread_condattr_t ca;
    CHECK_EQ(pthread_mutexattr_init(&ma), 0);
    CHECK_EQ(pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED), 0);
    CHECK_EQ(pthread_mutex_init(&s->m, &ma), 0);
    CHECK_EQ(pthread_condattr_init(&ca), 0);
    CHECK_EQ(pthread_condattr_setpshared(&ca, 99), EINVAL);
    CHECK_EQ(pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED), 0);
    CHECK_EQ(pthread_cond_init(&s->c, &ca), 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        SAFETY_NET();
        join(spawn(plays, (void *)1L));
        _exit(0);
    }
    join(spawn(plays, (void *)0L));
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    OK("%d hits", s->hits);
    return 0;
}
