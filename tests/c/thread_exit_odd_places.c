/* cflags: -Wno-infinite-recursion -fexceptions */
/* pthread_exit in a cleanup handler, in a key's destructor, in deep frames, in
 * a handler of exit; by main, alone, deep, or with threads left. */
#include "thread.h"

static pthread_key_t key, other;
static atomic_int destroyed;

static void counts(void *arg) { (void)arg; atomic_fetch_add(&destroyed, 1); }
static void exits_again(void *arg)
{
    static _Thread_local int n;
    atomic_fetch_add(&destroyed, 1);
    if (n++ < 3) {
        pthread_setspecific(key, arg);
        sleep_ms(1);
        pthread_exit((void *)5L);
    }
}
static void cleanup(void *arg) { sleep_ms(1); pthread_exit(arg); }
static int deep(int n)
{
    char room[256];
    snprintf(room, sizeof room, "%d", n);
    if (n == 0) {
        sleep_ms(1);
        pthread_exit((void *)7L);
    }
    return deep(n - 1) + room[0];
}
static void *in_destructor(void *a) { pthread_setspecific(other, &key); pthread_setspecific(key, &key); return a; }
static void *in_cleanup(void *a)
{
    (void)a;
    pthread_cleanup_push(cleanup, (void *)6L);
    pthread_exit((void *)1L);
    pthread_cleanup_pop(0);
    return NULL;
}
static void *in_deep(void *a) { (void)a; return (void *)(long)deep(2000); }

static void handler(void) { dprintf(1, "exit handlers run\n"); }
static void *later(void *a) { sleep_ms(20); dprintf(1, "last thread\n"); return a; }
static void *last_exits(void *a) { sleep_ms(20); (void)a; exit(21); }
static void *last_destructs(void *a) { sleep_ms(10); pthread_setspecific(other, a); pthread_exit(NULL); }
static void destructor_says(void *a) { (void)a; sleep_ms(5); dprintf(1, "destructor of the last\n"); }
static void main_says(void *a) { (void)a; sleep_ms(5); dprintf(1, "destructor of main\n"); }
static void exits_in_handler(void) { dprintf(1, "handler leaves\n"); pthread_exit(NULL); }

static void end(const char *name, pid_t pid)
{
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    if (WIFSIGNALED(status))
        OK("%s: %s", name, strsignal(WTERMSIG(status)));
    else
        OK("%s: %d", name, WEXITSTATUS(status));
}

static pid_t child(void)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        SAFETY_NET();
        atexit(handler);
    }
    return pid;
}

int main(void)
{
    SAFETY_NET();
    CHECK_EQ(pthread_key_create(&key, exits_again), 0);
    CHECK_EQ(pthread_key_create(&other, counts), 0);
    OK("destructor: %ld", (long)join(spawn(in_destructor, NULL)));
    OK("destructors ran %d times", atomic_load(&destroyed));
    OK("cleanup: %ld", (long)join(spawn(in_cleanup, NULL)));
    OK("deep: %ld", (long)join(spawn(in_deep, NULL)));
    pid_t pid;
    if ((pid = child()) == 0) {
        spawn(later, NULL);
        pthread_exit(NULL);
    }
    end("main left, a thread later", pid);
    if ((pid = child()) == 0) {
        spawn(last_exits, NULL);
        pthread_exit(NULL);
    }
    end("main left, a thread exits", pid);
    if ((pid = child()) == 0)
        pthread_exit(NULL);
    end("main alone", pid);
    if ((pid = child()) == 0) {
        join(spawn(later, NULL));
        pthread_exit(NULL);
    }
    end("main last", pid);
    if ((pid = child()) == 0) {
        CHECK_EQ(pthread_key_delete(other), 0);
        CHECK_EQ(pthread_key_create(&other, destructor_says), 0);
        CHECK_EQ(pthread_key_create(&key, main_says), 0);
        pthread_setspecific(key, &key);
        pthread_t t = spawn(last_destructs, &key);
        pthread_detach(t);
        pthread_exit(NULL);
    }
    end("destructors of the last", pid);
    if ((pid = child()) == 0) {
        deep(1000);
    }
    end("main, deep", pid);
    if ((pid = child()) == 0) {
        atexit(exits_in_handler);
        spawn(later, NULL);
        exit(4);
    }
    end("pthread_exit in a handler of exit", pid);
    return 0;
}
