/* futex_waitv on a private word and one that is shared with another process:
 * a wake of either ends it, and later waits on the private word alone, or moved
 * to it, go on as before. */
#include "futex2.h"
#include <sys/mman.h>

static _Atomic uint32_t private_word, other, *shared_word;
static atomic_int ended;

static void *waits_for_both(void *arg)
{
    struct waitv v[] = {waitv(&private_word, 0), waitv(shared_word, 0)};
    v[1].flags = OF_32_BITS;
    sleep_ms(1);
    (void)arg;
    long by = futex_waitv(v, 2, NULL);
    ended = 1;
    return (void *)by;
}

static void *waits_for_one(void *arg)
{
    long by = futex(arg, FUTEX_WAIT, 0, NULL);
    ended = 1;
    return (void *)by;
}

static long ended_by(void *(*start)(void *), _Atomic uint32_t *word, void (*wake)(void))
{
    ended = 0;
    pthread_t t = spawn(start, word);
    sleep_ms(30);
    for (wake(); !ended; wake())
        sleep_ms(1);
    return (long)join(t);
}

static void wake_shared(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit((int)syscall(SYS_futex, shared_word, FUTEX_WAKE, 9, NULL, NULL, 0));
    CHECK_EQ(waitpid(child, NULL, 0), child);
}

static void wake_private(void) { CHECK(futex(&private_word, FUTEX_WAKE, 9, NULL) >= 0); }
static void wake_private2(void) { CHECK(futex_wake2(&private_word, 9) >= 0); }

static void requeue_and_wake(void)
{
    CHECK(syscall(SYS_futex, &other, FUTEX_REQUEUE_PRIVATE, 0, 9L, &private_word, 0) >= 0);
    wake_private();
}

int main(void)
{
    SAFETY_NET();
    shared_word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared_word != MAP_FAILED);
    CHECK_EQ(ended_by(waits_for_one, &private_word, wake_private), 0);
    CHECK_EQ(ended_by(waits_for_both, NULL, wake_private), 0);
    CHECK_EQ(ended_by(waits_for_both, NULL, wake_private2), 0);
    CHECK_EQ(ended_by(waits_for_both, NULL, wake_shared), 1);
    OK("either word ends it");
    CHECK_EQ(ended_by(waits_for_one, &private_word, wake_private2), 0);
    CHECK_EQ(ended_by(waits_for_one, &other, requeue_and_wake), 0);
    OK("the private word alone, too");
    return 0;
}
