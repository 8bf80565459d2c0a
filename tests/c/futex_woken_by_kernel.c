/* The kernel clears a word and wakes who waits there: at the end of a clone with CLONE_CHILD_CLEARTID, and of a thread
 * that has named a word by set_tid_address, which answers with the thread's id. */
#include "futex.h"
#include "thread.h"
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int child_word = 1, thread_word = 1;
static char stack[65536] __attribute__((aligned(16)));

/* It shares the caller's storage: so it calls nothing of libc's. */
static int child(void *arg)
{
    struct timespec time = {.tv_nsec = 50000000};
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_nanosleep), "D"(&time), "S"(0) : "rcx", "r11", "memory");
    __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_exit), "D"(arg) : "rcx", "r11", "memory");
    return 0;
}

static void wait_for(int *word, int operation)
{
    struct timespec most = {.tv_sec = 5};
    int value;
    while ((value = __atomic_load_n(word, __ATOMIC_ACQUIRE)) != 0)
        if (syscall(SYS_futex, word, operation, value, &most, NULL, 0) != 0)
            CHECK_EQ(errno, EAGAIN);
}

static void *clones(void *arg)
{
    child_word = 1;
    pid_t pid = clone(child, stack + sizeof stack, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_CHILD_CLEARTID | SIGCHLD, NULL,
                      NULL, NULL, &child_word);
    CHECK(pid > 0);
    wait_for(&child_word, FUTEX_WAIT);
    CHECK_EQ(waitpid(pid, NULL, __WALL), pid);
    return arg;
}

static void *names(void *arg)
{
    CHECK_EQ(syscall(SYS_set_tid_address, &thread_word), gettid());
    sleep_ms(50);
    return arg;
}

/* Natively pthread_join waits on the word that libc has named: such a thread can't be joined. */
static void *watches(void *arg)
{
    thread_word = 1;
    pthread_t t = spawn(names, NULL);
    CHECK_EQ(pthread_detach(t), 0);
    wait_for(&thread_word, FUTEX_WAIT);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    clones(NULL);
    join(spawn(clones, NULL));
    OK("the end of a clone");
    watches(NULL);
    join(spawn(watches, NULL));
    OK("the end of a thread");
    return 0;
}
