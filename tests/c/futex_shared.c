/* A futex in memory shared between processes: waits and wakes without the
 * private flag reach across, also where the memory lies elsewhere in each. */
#include "futex.h"
#include <sys/mman.h>

enum { ROUNDS = 300 };
static int memory;

static long shared_futex(_Atomic uint32_t *word, int op, uint32_t value)
{
    return syscall(SYS_futex, word, op, value, NULL, NULL, 0);
}

/* Maps the memory anew, so at an address of its own. */
static void *plays(void *arg)
{
    uint32_t me = (uint32_t)(long)arg;
    _Atomic uint32_t *word = mmap(NULL, 4096 * (1 + me), PROT_READ | PROT_WRITE,
                                  MAP_SHARED, memory, 0);
    CHECK((void *)word != MAP_FAILED);
    for (int i = 0; i < ROUNDS; i++) {
        while (*word != me)
            CHECK(shared_futex(word, FUTEX_WAIT, !me) == 0 || errno == EAGAIN);
        *word = !me;
        CHECK(shared_futex(word, FUTEX_WAKE, 1) >= 0);
    }
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    memory = memfd_create("shared", 0);
    CHECK(memory >= 0);
    CHECK_EQ(ftruncate(memory, 8192), 0);
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
    OK("%d rounds between processes", ROUNDS);

    pthread_t one = spawn(plays, (void *)1L), other = spawn(plays, (void *)0L);
    join(one);
    join(other);
    OK("%d rounds between two mappings in one", ROUNDS);
    return 0;
}
