/* cflags: -O2 -msse2 */
/* A thread's stack is aligned as the ABI wants at its first instruction: 16
 * bytes for SSE spills, more where a variable asks for it. */
#include "thread.h"
#include <emmintrin.h>

/* Called with two vectors live across a call: the compiler spills by movaps. */
static double __attribute__((noinline)) vectors(double seed)
{
    __m128d a = _mm_set1_pd(seed), b = _mm_add_pd(a, a);
    volatile __m128d kept = b;
    sched_yield();
    double out[2];
    _mm_storeu_pd(out, _mm_add_pd(a, kept));
    return out[0] + out[1];
}

static void *thread(void *arg)
{
    /* At the call of this function the stack was 16-byte aligned, so the
     * caller's frame, one return address up, must be. */
    CHECK_EQ((uintptr_t)__builtin_dwarf_cfa() % 16, 0);
    _Alignas(64) volatile char wide[64];
    wide[0] = 1;
    CHECK_EQ((uintptr_t)wide % 64, 0);
    CHECK(vectors(1.5) == 9.0);
    char text[64];
    snprintf(text, sizeof text, "%.3f", *(double *)arg); /* saves xmm0-7 */
    CHECK(!strcmp(text, "2.500"));
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    double d = 2.5;
    pthread_t t[8];
    for (int i = 0; i < 8; i++) {
        pthread_attr_t a;
        CHECK_EQ(pthread_attr_init(&a), 0);
        CHECK_EQ(pthread_attr_setstacksize(&a, (size_t)(65536 + i * 4096)), 0);
        CHECK_EQ(pthread_create(&t[i], &a, thread, &d), 0);
    }
    for (int i = 0; i < 8; i++)
        join(t[i]);
    OK("aligned in 8 threads");
    return 0;
}
