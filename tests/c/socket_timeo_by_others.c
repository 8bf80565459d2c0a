/* SO_RCVTIMEO set through a dup, or by a forked child that shares the socket,
 * limits the next recv here. Must not change:
 * setting it back to zero makes recv wait again. */
#include "asleep.h"

static int end[2];
static struct gate gate;

static int limit(int fd, long ms)
{
    struct timeval tv = {0, ms * 1000};
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
}

static void *times_out(void *arg)
{
    char c;
    int64_t start = now_ns();
    CHECK_ERRNO(recv(end[0], &c, 1, 0), EAGAIN);
    CHECK_TIMEO(start, 30);
    return arg;
}

static void *waits(void *arg)
{
    char c;
    enter(&gate);
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    return arg;
}

static void set_in_child(long ms)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(limit(end[0], ms) != 0);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
}

int main(void)
{
    alarm(20);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    int copy = dup(end[0]);
    CHECK_EQ(limit(copy, 30), 0);
    join(spawn(times_out, NULL));
    OK("a limit set through a dup");
    CHECK_EQ(limit(copy, 0), 0);
    set_in_child(30);
    join(spawn(times_out, NULL));
    OK("a limit set by a child");
    set_in_child(0);
    gate_open(&gate, "socket");
    pthread_t t = spawn(waits, NULL);
    until_asleep(&gate, 1);
    sleep_ms(40);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    join(t);
    must_have_parked("socket", 3);
    OK("and taken away by a child");
}
