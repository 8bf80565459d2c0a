/* A stack or a guard of more than there is of memory or of addresses: pthread_create says EAGAIN or EINVAL, and the next one
 * goes on as if nothing had been asked. */
#include "thread.h"

static void *nothing(void *arg)
{
    return arg;
}

static void ask(size_t stack, size_t guard, int want)
{
    pthread_attr_t a;
    pthread_t t;
    CHECK_EQ(pthread_attr_init(&a), 0);
    if (stack)
        CHECK_EQ(pthread_attr_setstacksize(&a, stack), 0);
    if (guard)
        CHECK_EQ(pthread_attr_setguardsize(&a, guard), 0);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(pthread_create(&t, &a, nothing, NULL), want);
        if (want == 0)
            join(t);
    }
    join(spawn(nothing, NULL));
    OK("stack %zx, guard %zx: %s", stack, guard, want == 0 ? "a thread" : want == EAGAIN ? "EAGAIN" : "EINVAL");
}

int main(void)
{
    SAFETY_NET();
    const size_t page = 4096, addresses = (size_t)1 << 47, most = SIZE_MAX;
    ask(0, 8 << 20, 0);
    ask(addresses, 0, EAGAIN);
    ask((size_t)1 << 60, 0, EAGAIN);
    ask((size_t)1 << 63, 0, EAGAIN);
    ask(most - 16 * page, 0, EAGAIN);
    ask(0, addresses, EAGAIN);
    ask((size_t)1 << 62, (size_t)1 << 62, EAGAIN);
    ask((size_t)1 << 63, (size_t)1 << 63, EINVAL);
    ask(0, most - page, EINVAL);
    ask(0, most, EINVAL);
    return 0;
}
