/* The stack attributes: sizes and guard sizes are kept, the minimum is
 * enforced, and pthread_getattr_np tells the stack a thread really runs on. */
#include "thread.h"
#include <sys/resource.h>

static void *on_its_stack(void *arg)
{
    size_t want = (size_t)arg, size, guard;
    void *low;
    int state;
    char local;
    pthread_attr_t a;
    CHECK_EQ(pthread_getattr_np(pthread_self(), &a), 0);
    CHECK_EQ(pthread_attr_getstack(&a, &low, &size), 0);
    CHECK_EQ(pthread_attr_getguardsize(&a, &guard), 0);
    CHECK_EQ(pthread_attr_getdetachstate(&a, &state), 0);
    CHECK(&local > (char *)low && &local < (char *)low + size);
    CHECK_EQ(size, want);
    CHECK_EQ(state, PTHREAD_CREATE_JOINABLE);
    /* All of it is there: glibc may keep a little for TLS and the guard. */
    volatile char *bottom = (char *)low + guard + 4096;
    CHECK(bottom < &local);
    *bottom = 1;
    CHECK_EQ(pthread_attr_destroy(&a), 0);
    return (void *)guard;
}

int main(void)
{
    SAFETY_NET();
    pthread_attr_t a;
    size_t size, guard;
    pthread_t t;
    CHECK_EQ(pthread_attr_init(&a), 0);
    CHECK_EQ(pthread_attr_getstacksize(&a, &size), 0);
    CHECK_EQ(pthread_attr_getguardsize(&a, &guard), 0);
    struct rlimit stack;
    getrlimit(RLIMIT_STACK, &stack);
    if (stack.rlim_cur != RLIM_INFINITY)
        CHECK_EQ(size, stack.rlim_cur);
    CHECK_EQ(guard, 4096);
    join(spawn(on_its_stack, (void *)size));
    OK("the default is RLIMIT_STACK, with a guard of a page");

    CHECK_EQ(pthread_attr_setstacksize(&a, (size_t)PTHREAD_STACK_MIN - 1), EINVAL);
    CHECK_EQ(pthread_attr_setstack(&a, &a, 100), EINVAL);
    OK("EINVAL below PTHREAD_STACK_MIN");

    size_t sizes[] = {64 << 10, 128 << 10, 1 << 20, 32 << 20};
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(pthread_attr_setstacksize(&a, sizes[i]), 0);
        CHECK_EQ(pthread_create(&t, &a, on_its_stack, (void *)sizes[i]), 0);
        CHECK_EQ((size_t)join(t), 4096);
        OK("a stack of %zu KiB", sizes[i] >> 10);
    }
    CHECK_EQ(pthread_attr_setguardsize(&a, 65536), 0);
    CHECK_EQ(pthread_create(&t, &a, on_its_stack, (void *)sizes[3]), 0);
    CHECK_EQ((size_t)join(t), 65536);
    OK("a guard of 64 KiB");

    pthread_attr_t was, now;
    CHECK_EQ(pthread_getattr_default_np(&was), 0);
    CHECK_EQ(pthread_attr_init(&now), 0);
    CHECK_EQ(pthread_attr_setstacksize(&now, 256 << 10), 0);
    CHECK_EQ(pthread_setattr_default_np(&now), 0);
    join(spawn(on_its_stack, (void *)(size_t)(256 << 10)));
    CHECK_EQ(pthread_setattr_default_np(&was), 0);
    OK("a new default size");
    return 0;
}
