/* A context has a mask of its own: swapcontext, setcontext and the end of a context set it, and it stays while the thread
 * waits, whatever others' masks are. */
#include "util.h"
#include <ucontext.h>

enum { THREADS = 8, ROUNDS = 30 };

static uint64_t mask(void)
{
    sigset_t present;
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, NULL, &present), 0);
    return *(uint64_t *)&present;
}

struct contexts {
    ucontext_t outer, inner;
    uint64_t own;
    char stack[65536];
};

static void stays(uint64_t want)
{
    CHECK_EQ(mask(), want);
    usleep(200);
    CHECK_EQ(mask(), want);
    sched_yield();
    CHECK_EQ(mask(), want);
}

static void run_inner(unsigned low, unsigned high)
{
    struct contexts *it = (struct contexts *)((uintptr_t)high << 32 | low);
    stays(it->own);
    CHECK_EQ(swapcontext(&it->inner, &it->outer), 0);
    stays(it->own);
}

static void *thread(void *arg)
{
    struct contexts *it = arg;
    sigset_t own;
    sigemptyset(&own);
    *(uint64_t *)&own = it->own;
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(getcontext(&it->inner), 0);
        it->inner.uc_stack = (stack_t){.ss_sp = it->stack, .ss_size = sizeof it->stack};
        it->inner.uc_link = &it->outer;
        it->inner.uc_sigmask = own;
        makecontext(&it->inner, (void (*)(void))run_inner, 2, (unsigned)(uintptr_t)it, (unsigned)((uintptr_t)it >> 32));
        CHECK_EQ(swapcontext(&it->outer, &it->inner), 0);
        stays(0);
        CHECK_EQ(swapcontext(&it->outer, &it->inner), 0);
        stays(0);
    }
    return NULL;
}

int main(void)
{
    static struct contexts contexts[THREADS];
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++) {
        contexts[i].own = 1ULL << (SIGRTMIN + i);
        t[i] = spawn(thread, &contexts[i]);
    }
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    OK("%d threads, two contexts each", THREADS);
    return 0;
}
