/* libs: -ldl */
/* The first thread of a process may be made while libc holds a lock, and is
 * joined there: natively it needs none of them to run, nor does its maker. */
#include "util.h"
#include <dlfcn.h>
#include <link.h>

static void *work(void *place)
{
    usleep(1000);
    *(int *)place += 1;
    return place;
}

static void make_one(void)
{
    pthread_t thread;
    int worked = 0;
    CHECK_EQ(pthread_create(&thread, NULL, work, &worked), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(worked, 1);
}

static int made_in_child, made_in_handler;

static void in_child(void)
{
    if (made_in_child) {
        make_one();
        made_in_child = 0;
    }
}

/* Before any constructor, that of a preloaded library included. */
static void register_first(void) { pthread_atfork(NULL, NULL, in_child); }
__attribute__((section(".preinit_array"), used)) static void (*first)(void) =
    register_first;

static void load(const char *where)
{
    setenv("FIRST_THREAD", where, 1);
    void *library = dlopen("lib_first_thread.so", RTLD_NOW);
    CHECK(library);
    int (*sum)(void) = (int (*)(void))dlsym(library, "first_thread_sum");
    CHECK_EQ(sum(), strcmp(where, "resolver") ? 21 : 42);
    CHECK_EQ(dlclose(library), 0);
}

static void in_constructor(void) { load("constructor"); }
static void in_resolver(void) { load("resolver"); }

static int of_a_library(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)info, (void)size, (void)arg;
    make_one();
    return 1;
}

static void in_iteration(void) { dl_iterate_phdr(of_a_library, NULL); }

static void with_stdio(void)
{
    flockfile(stdout);
    flockfile(stderr);
    make_one();
    funlockfile(stderr);
    funlockfile(stdout);
}

static void handler(int signum)
{
    (void)signum;
    make_one();
    made_in_handler = 1;
}

static void in_handler(void)
{
    signal(SIGUSR1, handler);
    raise(SIGUSR1);
    CHECK(made_in_handler);
}

static void in_grandchild(void)
{
    made_in_child = 1;
    pid_t pid = fork();
    if (pid == 0)
        _exit(made_in_child);
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
}

/* The parent's threads are no use to a handler in the child. */
static void in_grandchild_of_many(void)
{
    make_one();
    in_grandchild();
}

static void at_exit(void)
{
    atexit(make_one);
    exit(0);
}

static void at_exit_with_library(void)
{
    setenv("FIRST_THREAD", "constructor", 1);
    CHECK(dlopen("lib_first_thread.so", RTLD_NOW));
    exit(0);
}

static void in_child_of_its_own(const char *where, void (*act)(void))
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(10);
        act();
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    OK("%s", where);
}

int main(void)
{
    in_child_of_its_own("in a library's constructor", in_constructor);
    in_child_of_its_own("in an IFUNC's resolver", in_resolver);
    in_child_of_its_own("in dl_iterate_phdr", in_iteration);
    in_child_of_its_own("with stdio's locks", with_stdio);
    in_child_of_its_own("in a signal's handler", in_handler);
    in_child_of_its_own("in a handler of fork", in_grandchild);
    in_child_of_its_own("the same, with threads before", in_grandchild_of_many);
    in_child_of_its_own("in a function of atexit", at_exit);
    in_child_of_its_own("in a library's destructor", at_exit_with_library);
    return 0;
}
