/* timed */
/* A thousand threads sleep at once, each for its own time: none wakes early,
 * all wake, and those far apart wake in the order of their times. Must not
 * change: the whole takes about as long as the longest sleep. */
#include "util.h"

enum { N = 1000, BANDS = 4, BAND_MS = 150 };
static atomic_int woken[BANDS];
static struct timespec zero;

static void *sleeper(void *arg)
{
    int i = (int)(intptr_t)arg, band = i % BANDS;
    struct timespec until = zero, now;
    until.tv_nsec += (band * BAND_MS + i % 50) * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), 0);
    clock_gettime(CLOCK_MONOTONIC, &now);
    CHECK(now.tv_sec > until.tv_sec ||
          (now.tv_sec == until.tv_sec && now.tv_nsec >= until.tv_nsec));
    woken[band]++;
    return NULL;
}

int main(void)
{
    static pthread_t t[N];
    pthread_attr_t small;
    alarm(20);
    zero = in_ms(CLOCK_MONOTONIC, 300);
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 1 << 17);
    for (int i = 0; i < N; i++)
        CHECK_EQ(pthread_create(&t[i], &small, sleeper, (void *)(intptr_t)i), 0);
    for (int band = BANDS - 1; band >= 0; band--)
        for (int i = band; i < N; i += BANDS)
            join(t[i]);
    for (int band = 0; band < BANDS; band++)
        CHECK_EQ(woken[band], N / BANDS);
    CHECK(now_ms() - (zero.tv_sec * 1000LL + zero.tv_nsec / 1000000) < 10000);
    must_have_parked("time", N / 2);
    OK("%d sleepers, none early, all awake", N);
}
