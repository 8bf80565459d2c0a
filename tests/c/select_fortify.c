/* cflags: -O2 -D_FORTIFY_SOURCE=2 */
/* poll and ppoll of a program built with _FORTIFY_SOURCE go to __poll_chk and
 * __ppoll_chk: they wait as the plain calls do. Must not change: time-outs,
 * and that more entries than the array has abort the program. */
#include "asleep.h"
#include <sys/resource.h>

static int end[2];
static struct gate gate;
static volatile nfds_t two = 2, three = 3; /* unknown to the compiler */

static void *poller(void *arg)
{
    struct pollfd p[2] = {{.fd = end[0], .events = POLLIN}, {.fd = -1}};
    struct timespec ts = {0, 10000000};
    char c;
    enter(&gate);
    CHECK_EQ(poll(p, two, -1), 1);
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    CHECK_EQ(send(end[0], "k", 1, 0), 1);
    CHECK_EQ(ppoll(p, two, NULL, NULL), 1);
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    int64_t start = now_ns();
    CHECK_EQ(poll(p, two, 10), 0);
    CHECK_EQ(ppoll(p, two, &ts, NULL), 0);
    CHECK(now_ns() - start >= 20000000);
    return arg;
}

static void *overflow(void *arg)
{
    struct pollfd p[2] = {{.fd = end[0], .events = POLLIN}, {.fd = -1}};
    return (void *)(intptr_t)(arg ? ppoll(p, three, NULL, NULL) : poll(p, three, 0));
}

int main(void)
{
    char k;
    int status;
    alarm(20);
    tcp_pair(end);
    gate_open(&gate, "fortify");
    pthread_t t = spawn(poller, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    CHECK_EQ(recv(end[1], &k, 1, 0), 1);
    CHECK_EQ(send(end[1], "y", 1, 0), 1);
    join(t);
    must_have_parked("fortify", 3);
    OK("__poll_chk and __ppoll_chk wait and time out");

    for (intptr_t i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
            close(2); /* "buffer overflow detected" is expected */
            join(spawn(overflow, (void *)i));
            _exit(0);
        }
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
    OK("an overflow aborts");
}
