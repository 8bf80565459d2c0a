/* A stack that is smaller than the static TLS and a page more is EINVAL, for one
 * of libc's and for the program's own, of which nothing is written then; one with
 * a little room beside a megabyte of TLS does. */
#include "thread.h"
#include <sys/mman.h>

enum { TLS = 1 << 20, ROOM = 48 << 10, BLOCK = 4 << 20 };
static __thread char large[TLS];
static __thread char aligned[64] __attribute__((aligned(4096)));
static __thread int begins_with = 1234;

static void *uses_it(void *arg)
{
    CHECK_EQ((uintptr_t)aligned % 4096, 0);
    CHECK_EQ(begins_with, 1234);
    begins_with = 0;
    for (size_t i = 0; i < TLS; i += 4096)
        CHECK_EQ(large[i], 0);
    memset(large, (int)(uintptr_t)arg, TLS);
    sleep_ms(1);
    for (size_t i = 0; i < TLS; i += 4096)
        CHECK_EQ(large[i], (char)(uintptr_t)arg);
    return arg;
}

static void with_size(size_t size, int want)
{
    pthread_attr_t a;
    pthread_t t[8];
    CHECK_EQ(pthread_attr_init(&a), 0);
    CHECK_EQ(pthread_attr_setstacksize(&a, size), 0);
    for (int turn = 0; turn < 3; turn++) {
        for (uintptr_t i = 0; i < 8; i++)
            CHECK_EQ(pthread_create(&t[i], &a, uses_it, (void *)(i + 1)), want);
        for (uintptr_t i = 0; i < 8 && want == 0; i++)
            CHECK_EQ(join(t[i]), i + 1);
    }
}

static void with_memory(size_t size, int want)
{
    pthread_attr_t a;
    pthread_t t;
    char *block = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(block != MAP_FAILED);
    memset(block, 0x5a, BLOCK);
    CHECK_EQ(pthread_attr_init(&a), 0);
    CHECK_EQ(pthread_attr_setstack(&a, block + BLOCK - size, size), 0);
    CHECK_EQ(pthread_create(&t, &a, uses_it, block), want);
    if (want == 0)
        CHECK(join(t) == block);
    for (size_t i = 0; i < BLOCK - (want ? 0 : size); i++)
        CHECK_EQ(block[i], 0x5a);
    munmap(block, BLOCK);
}

int main(void)
{
    SAFETY_NET();
    with_size(TLS + ROOM, 0);
    with_memory(TLS + ROOM, 0);
    OK("a little room does");
    with_size(64 << 10, EINVAL);
    with_size(TLS, EINVAL);
    with_memory(64 << 10, EINVAL);
    with_memory(TLS, EINVAL);
    OK("no room is EINVAL");
    with_size(TLS + ROOM, 0);
    OK("and the next one goes on");
    return 0;
}
