/* While a writer waits, a reader still gets in by default; where writers are
 * preferred (PREFER_WRITER_NONRECURSIVE_NP) it must wait behind the writer. */
#include "thread.h"

static pthread_rwlock_t l;
static char order[8];
static unsigned long writers; /* that have come to wait so far */
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void note(const char *who)
{
    pthread_mutex_lock(&m);
    strcat(order, who);
    pthread_mutex_unlock(&m);
}

static void *writes(void *arg)
{
    CHECK_EQ(pthread_rwlock_wrlock(&l), 0);
    note("w");
    CHECK_EQ(pthread_rwlock_unlock(&l), 0);
    return arg;
}

static void *reads(void *arg)
{
    CHECK_EQ(pthread_rwlock_rdlock(&l), 0);
    note("r");
    CHECK_EQ(pthread_rwlock_unlock(&l), 0);
    return arg;
}

/* Whether a reader may have the lock while a writer waits for another reader. */
static void *tries(void *arg)
{
    int r = pthread_rwlock_tryrdlock(&l);
    if (r == 0)
        CHECK_EQ(pthread_rwlock_unlock(&l), 0);
    *(int *)arg = r;
    return NULL;
}

static void with(const char *name, int kind, int want)
{
    pthread_rwlockattr_t a;
    int got;
    CHECK_EQ(pthread_rwlockattr_init(&a), 0);
    CHECK_EQ(pthread_rwlockattr_setkind_np(&a, kind), 0);
    CHECK_EQ(pthread_rwlockattr_getkind_np(&a, &got), 0);
    CHECK_EQ(got, kind);
    CHECK_EQ(pthread_rwlock_init(&l, &a), 0);
    CHECK_EQ(pthread_rwlock_rdlock(&l), 0);
    pthread_t w = spawn(writes, NULL);
    until_parked("rwlock", ++writers);
    /* A bare run may be slow to make the writer wait: the refusal shows it. */
    int64_t end = now_ms() + 10000;
    do {
        join(spawn(tries, &got));
    } while (got != want && now_ms() < end);
    CHECK_EQ(got, want);
    pthread_t r = want ? spawn(reads, NULL) : 0;
    sleep_ms(20);
    CHECK_EQ(strlen(order), 0);
    CHECK_EQ(pthread_rwlock_unlock(&l), 0);
    join(w);
    if (want)
        join(r);
    CHECK(!strcmp(order, want ? "wr" : "w"));
    order[0] = 0;
    OK("%s: %s", name, want ? "EBUSY" : "shared");
}

int main(void)
{
    SAFETY_NET();
    with("default", PTHREAD_RWLOCK_DEFAULT_NP, 0);
    with("readers first", PTHREAD_RWLOCK_PREFER_READER_NP, 0);
    with("writers first", PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP, EBUSY);
    return 0;
}
