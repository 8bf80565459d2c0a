/* One poll over 5,000 descriptors, twice at the same time, waits and finds the
 * one that is ready, wherever it stands. Must not change: after the poll, none
 * of the others is marked, and all can be read. */
#include "asleep.h"
#include <sys/eventfd.h>
#include <sys/resource.h>

enum { MOST = 5000 };
static int n, fd[MOST];
static struct gate gate;

static void *poller(void *arg)
{
    struct pollfd *p = calloc((size_t)n, sizeof *p);
    int ready = *(int *)arg;
    for (int i = 0; i < n; i++)
        p[i] = (struct pollfd){.fd = fd[i], .events = POLLIN, .revents = -1};
    enter(&gate);
    CHECK_EQ(poll(p, (nfds_t)n, -1), 1);
    for (int i = 0; i < n; i++)
        CHECK_EQ(p[i].revents, i == ready ? POLLIN : 0);
    CHECK_EQ(poll(p, (nfds_t)ready, 0), 0);
    free(p);
    return NULL;
}

int main(void)
{
    struct rlimit lim;
    uint64_t v;
    alarm(20);
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &lim), 0);
    lim.rlim_cur = lim.rlim_max;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &lim), 0);
    for (n = 0; n < MOST && (fd[n] = eventfd(0, 0)) >= 0; n++)
        ;
    if (n < MOST) { /* a lower hard limit: all but the room that /proc needs */
        CHECK_EQ(errno, EMFILE);
        for (int i = 0; i < 8; i++)
            close(fd[--n]);
    }
    int at[3] = {0, n / 2, n - 1};
    for (int i = 0; i < 3; i++) {
        gate_open(&gate, "select");
        pthread_t t = spawn(poller, &at[i]), u = spawn(poller, &at[i]);
        until_asleep(&gate, 2);
        CHECK_EQ(eventfd_write(fd[at[i]], 1), 0);
        join(t), join(u);
        CHECK_EQ(eventfd_read(fd[at[i]], &v), 0);
    }
    must_have_parked("select", 6);
    OK("the first, the middle and the last one are found");
    for (int i = 0; i < n; i++) {
        CHECK_EQ(eventfd_write(fd[i], 3), 0);
        CHECK_EQ(eventfd_read(fd[i], &v), 0);
        CHECK_EQ(v, 3);
    }
    OK("all can still be read");
}
