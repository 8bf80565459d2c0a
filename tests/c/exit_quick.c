/* quick_exit runs its own handlers and flushes nothing; _exit and _Exit run
 * none; abort, and a crash, end the process by their signal. All in a thread. */
#include "thread.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/resource.h>

static pthread_t me;
static void at_exit(void) { dprintf(1, "atexit\n"); }
static void at_quick(void)
{
    CHECK(pthread_equal(pthread_self(), me));
    sleep_ms(2);
    dprintf(1, "at_quick_exit\n");
}
static sigjmp_buf back;
static volatile sig_atomic_t on_me;
static void jumps(int s)
{
    on_me = pthread_equal(pthread_self(), me);
    siglongjmp(back, s);
}
static void returns(int s)
{
    (void)s;
    dprintf(1, "handler, on the caller: %d\n", pthread_equal(pthread_self(), me));
}
static void *volatile null;
static volatile int one = 1, zero;

static void *quick(void *a) { (void)a; me = pthread_self(); quick_exit(11); }
static void *under(void *a) { (void)a; _exit(12); }
static void *upper(void *a) { (void)a; _Exit(13); }
static void *aborts(void *a) { (void)a; abort(); }
static void *aborts_handled(void *a) { (void)a; me = pthread_self(); signal(SIGABRT, returns); abort(); }
static void *aborts_jumps(void *a)
{
    (void)a;
    me = pthread_self();
    signal(SIGABRT, jumps);
    int s = sigsetjmp(back, 1);
    if (!s)
        abort();
    dprintf(1, "jumped from %d, on the caller: %d\n", s, on_me);
    sleep_ms(1);
    _exit(14);
}
static void *segv(void *a) { (void)a; *(int *)null = 1; return NULL; }
static void *segv_handled(void *a)
{
    (void)a;
    me = pthread_self();
    signal(SIGSEGV, jumps);
    static int i;
    for (i = 0; i < 3; i++)
        if (!sigsetjmp(back, 1))
            *(int *)null = 1;
        else
            sleep_ms(1);
    dprintf(1, "three times, on the caller: %d\n", on_me);
    _exit(15);
}
static void *bus(void *a)
{
    (void)a;
    FILE *f = tmpfile();
    char *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fileno(f), 0);
    return (void *)(long)*(volatile char *)p;
}
static void *fpe(void *a) { (void)a; return (void *)(long)(one / zero); }
static void *ill(void *a) { (void)a; __builtin_trap(); }
static void *kills_self(void *a) { (void)a; raise(SIGTERM); return NULL; }
static void *kills_process(void *a) { (void)a; kill(getpid(), SIGUSR1); for (;;) pause(); return NULL; }
static void *sleeps(void *a) { sleep_ms(60000); return a; }

static void child(const char *name, void *(*how)(void *))
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        SAFETY_NET();
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        atexit(at_exit);
        at_quick_exit(at_quick);
        for (int i = 0; i < 3; i++)
            spawn(sleeps, NULL);
        sleep_ms(2);
        printf("not to be flushed\n");
        join(spawn(how, NULL));
        _exit(99);
    }
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status))
        OK("%s: %s", name, strsignal(WTERMSIG(status)));
    else
        OK("%s: %d", name, WEXITSTATUS(status));
}

int main(void)
{
    SAFETY_NET();
    child("quick_exit", quick);
    child("_exit", under);
    child("_Exit", upper);
    child("abort", aborts);
    child("abort with a handler that returns", aborts_handled);
    child("abort with a handler that jumps", aborts_jumps);
    child("SIGSEGV", segv);
    child("SIGSEGV handled", segv_handled);
    child("SIGBUS", bus);
    child("SIGFPE", fpe);
    child("SIGILL", ill);
    child("raise", kills_self);
    child("kill", kills_process);
    return 0;
}
