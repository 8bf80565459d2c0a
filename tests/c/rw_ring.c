/* Two hundred threads in a ring of pipes hand on tokens, each adding one: with
 * one token and with fifty, nobody is forgotten. Must not change: the order of
 * the tokens, since pipes and reads keep it. */
#include "util.h"

enum { N = 200, TOKENS = 50, LAPS = 5 };
static int p[N + 1][2];

struct token {
    int id, hops;
};

static void *hand_on(void *arg)
{
    int i = (int)(intptr_t)arg;
    struct token t;
    ssize_t n;
    while ((n = read(p[i][0], &t, sizeof t)) == sizeof t) {
        t.hops++;
        CHECK_EQ(write(p[i + 1][1], &t, sizeof t), sizeof t);
    }
    CHECK_EQ(n, 0);
    close(p[i + 1][1]);
    return NULL;
}

int main(void)
{
    pthread_t t[N];
    alarm(20);
    for (int i = 0; i <= N; i++)
        CHECK_EQ(pipe(p[i]), 0);
    for (int i = 0; i < N; i++)
        t[i] = spawn(hand_on, (void *)(intptr_t)i);
    for (int count = 1; count <= TOKENS; count += TOKENS - 1)
        for (int lap = 0; lap < LAPS; lap++) {
            for (int id = 0; id < count; id++) {
                struct token out = {id, 0};
                CHECK_EQ(write(p[0][1], &out, sizeof out), sizeof out);
            }
            for (int id = 0; id < count; id++) {
                struct token in;
                CHECK_EQ(read(p[N][0], &in, sizeof in), sizeof in);
                CHECK_EQ(in.id, id);
                CHECK_EQ(in.hops, N);
            }
        }
    close(p[0][1]);
    for (int i = 0; i < N; i++)
        join(t[i]);
    must_have_parked("rw", N);
    OK("%d threads handed on %d tokens, and ended one after the other", N,
       LAPS * (TOKENS + 1));
}
