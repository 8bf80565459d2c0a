/* Mutex attributes: defaults, what is set is read back, what is out of range
 * is EINVAL; a mutex may be destroyed as soon as it has been unlocked. */
#include "thread.h"

enum { ROUNDS = 300 };

struct counted {
    pthread_mutex_t m;
    int references;
};

/* The last to let go frees the mutex it has just unlocked. */
static void *let_go(void *arg)
{
    struct counted *c = arg;
    CHECK_EQ(pthread_mutex_lock(&c->m), 0);
    int left = --c->references;
    CHECK_EQ(pthread_mutex_unlock(&c->m), 0);
    if (left == 0) {
        CHECK_EQ(pthread_mutex_destroy(&c->m), 0);
        memset(c, 0xee, sizeof *c);
        free(c);
    }
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pthread_mutexattr_t a;
    int v;
    CHECK_EQ(pthread_mutexattr_init(&a), 0);
    CHECK_EQ(pthread_mutexattr_gettype(&a, &v), 0);
    CHECK_EQ(v, PTHREAD_MUTEX_DEFAULT);
    CHECK_EQ(pthread_mutexattr_getprotocol(&a, &v), 0);
    CHECK_EQ(v, PTHREAD_PRIO_NONE);
    CHECK_EQ(pthread_mutexattr_getrobust(&a, &v), 0);
    CHECK_EQ(v, PTHREAD_MUTEX_STALLED);
    CHECK_EQ(pthread_mutexattr_settype(&a, 99), EINVAL);
    CHECK_EQ(pthread_mutexattr_setpshared(&a, 99), EINVAL);
    CHECK_EQ(pthread_mutexattr_setrobust(&a, 99), EINVAL);
    CHECK_EQ(pthread_mutexattr_setprotocol(&a, 99), EINVAL);
    CHECK_EQ(pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE), 0);
    CHECK_EQ(pthread_mutexattr_gettype(&a, &v), 0);
    CHECK_EQ(v, PTHREAD_MUTEX_RECURSIVE);
    CHECK_EQ(pthread_mutexattr_destroy(&a), 0);
    OK("attributes");

    for (int i = 0; i < ROUNDS; i++) {
        struct counted *c = malloc(sizeof *c);
        pthread_t t[4];
        c->references = 4;
        CHECK_EQ(pthread_mutex_init(&c->m, NULL), 0);
        CHECK_EQ(pthread_mutex_lock(&c->m), 0);
        for (int k = 0; k < 4; k++)
            t[k] = spawn(let_go, c);
        CHECK_EQ(pthread_mutex_unlock(&c->m), 0);
        for (int k = 0; k < 4; k++)
            join(t[k]);
    }
    OK("%d mutexes freed right after their last unlock", ROUNDS);
    return 0;
}
