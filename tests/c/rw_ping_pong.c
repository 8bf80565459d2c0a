/* Two threads throw a byte to and fro many thousand times over a TCP socket, a
 * unix socket, a pair of pipes and two eventfds: no wake-up is lost, however
 * the write of one and the wait of the other meet. Must not change: the count. */
#include "util.h"
#include <sys/eventfd.h>

enum { ROUNDS = 4000 };
struct side {
    int in, out;
};

static void *returns(void *arg)
{
    struct side *s = arg;
    uint64_t v;
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        CHECK_EQ(read(s->in, &v, sizeof v), sizeof v);
        CHECK_EQ(v, i);
        CHECK_EQ(write(s->out, &v, sizeof v), sizeof v);
    }
    return NULL;
}

static void *serves(void *arg)
{
    struct side *s = arg;
    for (uint64_t i = 1, v; i <= ROUNDS; i++) {
        CHECK_EQ(write(s->out, &i, sizeof i), sizeof i);
        CHECK_EQ(read(s->in, &v, sizeof v), sizeof v);
        CHECK_EQ(v, i);
    }
    return NULL;
}

static void story(const char *name, struct side a, struct side b)
{
    pthread_t t = spawn(returns, &a), u = spawn(serves, &b);
    join(t);
    join(u);
    t = spawn(returns, &a);
    serves(&b);
    join(t);
    OK("%s: thread to thread, and main to thread", name);
}

int main(void)
{
    int e[2], p[2], q[2];
    alarm(20);
    tcp_pair(e);
    story("tcp", (struct side){e[0], e[0]}, (struct side){e[1], e[1]});
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, e), 0);
    story("unix", (struct side){e[0], e[0]}, (struct side){e[1], e[1]});
    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(pipe(q), 0);
    story("pipes", (struct side){p[0], q[1]}, (struct side){q[0], p[1]});
    e[0] = eventfd(0, 0);
    e[1] = eventfd(0, 0);
    story("eventfds", (struct side){e[0], e[1]}, (struct side){e[1], e[0]});
    must_have_parked("rw", 100);
}
