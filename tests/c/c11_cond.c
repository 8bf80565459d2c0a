/* cnd_t: a ball goes back and forth, a signal wakes one, a broadcast all, and
 * cnd_destroy lets those leave who were woken just before. */
#include "c11.h"

enum { THREADS = 50, PASSES = 500 };
static mtx_t m;
static cnd_t c, done;
static int ball, waiting, tickets, taken;

static int plays(void *arg)
{
    int me = (int)(intptr_t)arg;
    for (int i = 0; i < PASSES; i++) {
        CHECK_EQ(mtx_lock(&m), thrd_success);
        while (ball % 2 != me)
            CHECK_EQ(cnd_wait(&c, &m), thrd_success);
        ball++;
        CHECK_EQ(cnd_signal(&c), thrd_success);
        CHECK_EQ(mtx_unlock(&m), thrd_success);
    }
    return 0;
}

static int takes(void *arg)
{
    CHECK_EQ(mtx_lock(&m), thrd_success);
    waiting++;
    while (tickets == 0)
        CHECK_EQ(cnd_wait(arg, &m), thrd_success);
    tickets--;
    taken++;
    CHECK_EQ(cnd_signal(&done), thrd_success);
    CHECK_EQ(mtx_unlock(&m), thrd_success);
    return 0;
}

static void begin_takers(thrd_t *t, cnd_t *cond)
{
    waiting = taken = 0;
    for (int i = 0; i < THREADS; i++)
        t[i] = begin(takes, cond);
    CHECK_EQ(mtx_lock(&m), thrd_success);
    while (waiting < THREADS) { /* those that have counted have let go of it in cnd_wait */
        CHECK_EQ(mtx_unlock(&m), thrd_success);
        thrd_yield();
        CHECK_EQ(mtx_lock(&m), thrd_success);
    }
}

int main(void)
{
    thrd_t t[THREADS];
    SAFETY_NET();
    CHECK_EQ(mtx_init(&m, mtx_plain), thrd_success);
    CHECK_EQ(cnd_init(&c), thrd_success);
    CHECK_EQ(cnd_init(&done), thrd_success);

    t[0] = begin(plays, (void *)1);
    t[1] = begin(plays, (void *)0);
    end(t[0]);
    end(t[1]);
    OK("%d passes", ball);
    must_have_parked("cond", PASSES);

    begin_takers(t, &c);
    for (int i = 0; i < THREADS; i++) {
        tickets = 1;
        CHECK_EQ(cnd_signal(&c), thrd_success);
        while (taken == i)
            CHECK_EQ(cnd_wait(&done, &m), thrd_success);
        CHECK_EQ(taken, i + 1);
    }
    CHECK_EQ(mtx_unlock(&m), thrd_success);
    for (int i = 0; i < THREADS; i++)
        end(t[i]);
    OK("%d signals", taken);
    must_have_parked("cond", PASSES + THREADS);

    cnd_t *brief = malloc(sizeof *brief);
    CHECK_EQ(cnd_init(brief), thrd_success);
    begin_takers(t, brief);
    tickets = THREADS;
    CHECK_EQ(cnd_broadcast(brief), thrd_success);
    CHECK_EQ(mtx_unlock(&m), thrd_success);
    cnd_destroy(brief);
    memset(brief, 0xee, sizeof *brief);
    for (int i = 0; i < THREADS; i++)
        end(t[i]);
    for (size_t i = 0; i < sizeof *brief; i++)
        CHECK_EQ(((unsigned char *)brief)[i], 0xee);
    free(brief);
    OK("a broadcast to %d, and nobody touches it afterwards", taken);
    must_have_parked("cond", PASSES + 2 * THREADS);
    must_be_coroutines(2 * THREADS + 2);
    return 0;
}
