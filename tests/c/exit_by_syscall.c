/* A thread ends by the system call exit alone: join returns, no destructor and
 * no cleanup handler runs, a robust mutex passes on; from a handler, too, and of
 * a thread with CPUs of its own. The others go on, also without main. */
#include "thread.h"
#include <sched.h>
#include <sys/syscall.h>

static pthread_key_t key;
static atomic_int destroyed;
static pthread_mutex_t robust;

static void destroys(void *arg)
{
    (void)arg;
    destroyed++;
}

static void leave(int status)
{
    syscall(SYS_exit, status);
    abort();
}

static void handler(int signum) { leave(signum); }

static void *plain(void *arg)
{
    CHECK_EQ(pthread_setspecific(key, arg), 0);
    CHECK_EQ(pthread_mutex_lock(&robust), 0);
    pthread_cleanup_push(destroys, NULL);
    sleep_ms(5);
    leave(1);
    pthread_cleanup_pop(1);
    return arg;
}

static void *in_handler(void *arg)
{
    static char stack[1 << 16];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    CHECK_EQ(sigaltstack(&alternate, NULL), 0);
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    sleep_ms(5);
    pthread_kill(pthread_self(), SIGUSR1);
    return arg;
}

static void *with_cpus(void *arg)
{
    cpu_set_t cpus;
    CHECK_EQ(sched_getaffinity(0, sizeof cpus, &cpus), 0);
    CHECK_EQ(sched_setaffinity(0, sizeof cpus, &cpus), 0);
    sleep_ms(5);
    leave(1);
    return arg;
}

static void *goes_on(void *arg)
{
    sleep_ms(10);
    if (arg)
        leave(9);
    return arg;
}

static void *goes_on_longer(void *arg)
{
    sleep_ms(50);
    return goes_on(arg);
}

/* The status of a process in which main ends so, and then two threads, the last by `last`. */
static int without_main(void *first, void *last)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        atexit(abort);
        spawn(goes_on, first);
        spawn(goes_on_longer, last);
        leave(7);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

int main(void)
{
    SAFETY_NET();
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    CHECK_EQ(pthread_mutex_init(&robust, &attr), 0);
    CHECK_EQ(pthread_key_create(&key, destroys), 0);
    CHECK(join(spawn(plain, &key)) == NULL);
    CHECK_EQ(pthread_mutex_lock(&robust), EOWNERDEAD);
    CHECK_EQ(destroyed, 0);
    join(spawn(in_handler, NULL));
    join(spawn(with_cpus, NULL));
    OK("joined, nothing destroyed");
    for (int i = 0; i < 100; i++)
        join(spawn(goes_on, (void *)1));
    OK("a hundred in a row");
    most_parked("time", 100);
    CHECK_EQ(without_main(NULL, (void *)1), 9);
    CHECK_EQ(without_main((void *)1, NULL), 0);
    OK("without main, with the status of the last");
    return 0;
}
