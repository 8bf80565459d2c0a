/* O_NONBLOCK set while a thread waits in recv does not disturb that wait: the
 * flag is read when a call starts. The next call sees it. Must not change: the
 * waiting call gets its data, and never EAGAIN. Set through the descriptor
 * itself, through a dup, and by a child that shares the open file. */
#include "asleep.h"

static int end[2], copy;
static struct gate gate;

static void *receiver(void *arg)
{
    char c;
    (void)arg;
    enter(&gate);
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    CHECK_EQ(c, 'x');
    CHECK_ERRNO(recv(end[0], &c, 1, 0), EAGAIN);
    return NULL;
}

static void by_itself(void) { CHECK_EQ(fcntl(end[0], F_SETFL, O_NONBLOCK), 0); }
static void by_dup(void) { CHECK_EQ(fcntl(copy, F_SETFL, O_NONBLOCK), 0); }
static void by_child(void)
{
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        _exit(fcntl(end[0], F_SETFL, O_NONBLOCK) != 0);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
}

int main(void)
{
    static const struct {
        const char *name;
        void (*set)(void);
    } way[] = {{"the descriptor", by_itself},
               {"a dup", by_dup},
               {"a child", by_child}};
    alarm(20);
    tcp_pair(end);
    copy = dup(end[0]);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(fcntl(end[0], F_SETFL, 0), 0);
        gate_open(&gate, "socket");
        pthread_t t = spawn(receiver, NULL);
        until_asleep(&gate, 1);
        way[i].set();
        CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
        CHECK_EQ(send(end[1], "x", 1, 0), 1);
        join(t);
        OK("O_NONBLOCK set by %s: the wait goes on, the next call sees it",
           way[i].name);
    }
    must_have_parked("socket", 3);
}
