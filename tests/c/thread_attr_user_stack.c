/* A thread runs on the stack the program gave it with pthread_attr_setstack,
 * parks and goes on there, and leaves the memory to the program afterwards. */
#include "thread.h"
#include <sys/mman.h>

enum { SIZE = 256 << 10 };

static void *thread(void *arg)
{
    char *low = arg, *reported;
    char local[64];
    size_t size;
    pthread_attr_t a;
    CHECK(local > low && local + sizeof local <= low + SIZE);
    CHECK_EQ(pthread_getattr_np(pthread_self(), &a), 0);
    CHECK_EQ(pthread_attr_getstack(&a, (void **)&reported, &size), 0);
    CHECK(reported == low);
    CHECK_EQ(size, SIZE);
    CHECK_EQ(pthread_attr_destroy(&a), 0);
    memset(local, 9, sizeof local);
    sleep_ms(5);
    for (size_t i = 0; i < sizeof local; i++)
        CHECK_EQ(local[i], 9);
    low[0] = 1; /* no guard: the lowest byte is ours too */
    return low;
}

static void *elsewhere(void *arg)
{
    (void)arg;
    return (void *)pthread_self();
}

int main(void)
{
    SAFETY_NET();
    pthread_attr_t a;
    char *stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    CHECK(stack != MAP_FAILED);
    CHECK_EQ(pthread_attr_init(&a), 0);
    CHECK_EQ(pthread_attr_setstack(&a, stack, SIZE), 0);
    for (int i = 0; i < 10; i++) {
        pthread_t t;
        CHECK_EQ(pthread_create(&t, &a, thread, stack), 0);
        CHECK(join(t) == stack);
    }
    OK("ten threads ran on it");
    memset(stack, 0xff, SIZE);
    OK("it is the program's again");
    CHECK_EQ(munmap(stack, SIZE), 0);
    pthread_t t = spawn(elsewhere, NULL);
    CHECK(join(t) == (void *)t);
    OK("others are not touched");
    most_parked("time", 10);
    return 0;
}
