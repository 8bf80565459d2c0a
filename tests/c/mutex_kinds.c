/* What each kind of mutex says to its owner and to others who lock, try and
 * unlock it, in main and in threads alike. */
#include "thread.h"

struct kind {
    const char *name;
    int type;
    int relock_try, unlock_unlocked, unlock_by_other;
};

static const struct kind kinds[] = {
    {"normal", PTHREAD_MUTEX_NORMAL, EBUSY, 0, 0},
    {"recursive", PTHREAD_MUTEX_RECURSIVE, 0, EPERM, EPERM},
    {"errorcheck", PTHREAD_MUTEX_ERRORCHECK, EBUSY, EPERM, EPERM},
    {"adaptive", PTHREAD_MUTEX_ADAPTIVE_NP, EBUSY, 0, 0},
};

struct use {
    const struct kind *kind;
    pthread_mutex_t m;
};

static void *another(void *arg)
{
    struct use *u = arg;
    CHECK_EQ(pthread_mutex_trylock(&u->m), EBUSY);
    struct timespec soon = in_ms(CLOCK_REALTIME, 10);
    CHECK_EQ(pthread_mutex_timedlock(&u->m, &soon), ETIMEDOUT);
    if (u->kind->unlock_by_other)
        CHECK_EQ(pthread_mutex_unlock(&u->m), u->kind->unlock_by_other);
    return NULL;
}

static void *owner(void *arg)
{
    struct use *u = arg;
    const struct kind *k = u->kind;
    CHECK_EQ(pthread_mutex_lock(&u->m), 0);
    CHECK_EQ(pthread_mutex_trylock(&u->m), k->relock_try);
    if (k->type == PTHREAD_MUTEX_ERRORCHECK)
        CHECK_EQ(pthread_mutex_lock(&u->m), EDEADLK);
    CHECK_EQ(pthread_mutex_destroy(&u->m), EBUSY);
    join(spawn(another, u));
    if (k->relock_try == 0) { /* locked twice: still locked after one unlock */
        CHECK_EQ(pthread_mutex_lock(&u->m), 0);
        CHECK_EQ(pthread_mutex_unlock(&u->m), 0);
        CHECK_EQ(pthread_mutex_unlock(&u->m), 0);
        join(spawn(another, u));
    }
    CHECK_EQ(pthread_mutex_unlock(&u->m), 0);
    if (k->unlock_unlocked)
        CHECK_EQ(pthread_mutex_unlock(&u->m), k->unlock_unlocked);
    CHECK_EQ(pthread_mutex_trylock(&u->m), 0);
    CHECK_EQ(pthread_mutex_unlock(&u->m), 0);
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct use u = {.kind = &kinds[i]};
        pthread_mutexattr_t a;
        CHECK_EQ(pthread_mutexattr_init(&a), 0);
        CHECK_EQ(pthread_mutexattr_settype(&a, kinds[i].type), 0);
        CHECK_EQ(pthread_mutex_init(&u.m, &a), 0);
        owner(&u);
        join(spawn(owner, &u));
        CHECK_EQ(pthread_mutex_destroy(&u.m), 0);
        OK("%s", kinds[i].name);
    }
    must_have_parked("mutex", 10);
    return 0;
}
