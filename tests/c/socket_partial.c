/* A blocking call that has done a part returns that part when a handler runs,
 * even one with SA_RESTART, or when the time is up: a receive that waits for
 * more (MSG_WAITALL, SO_RCVLOWAT), a send, a write to a pipe. */
#include "asleep.h"
#include <sys/uio.h>

static int end[2];
static struct gate gate;
static char big[4 << 20];

static void on_signal(int signum) { (void)signum; }

static void *all_of_ten(void *arg)
{
    struct sockaddr_storage from;
    socklen_t len = sizeof from;
    enter(&gate);
    ssize_t n = recvfrom(end[0], arg, 10, MSG_WAITALL, (struct sockaddr *)&from, &len);
    CHECK_EQ(len, 0);
    return (void *)n;
}

static void *above_mark(void *arg)
{
    struct iovec v = {arg, 10};
    enter(&gate);
    return (void *)readv(end[0], &v, 1);
}

static void *send_big(void *arg)
{
    enter(&gate);
    return (void *)send(end[0], arg, sizeof big, 0);
}

static void *write_big(void *arg)
{
    enter(&gate);
    return (void *)write(end[1], arg, sizeof big);
}

/* The result of `call`, which has begun with a part, and is interrupted. */
static long interrupted(void *(*call)(void *), const char *family)
{
    static char buffer[64];
    gate_open(&gate, family);
    pthread_t t = spawn(call, call == send_big || call == write_big ? big : buffer);
    until_asleep(&gate, 1);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
    return (long)join(t);
}

int main(void)
{
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct timeval limit = {0, 50000};
    int mark = 8;
    alarm(20);
    CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
    tcp_pair(end);
    CHECK_EQ(send(end[1], "abc", 3, 0), 3);
    CHECK_EQ(interrupted(all_of_ten, "socket"), 3);
    OK("MSG_WAITALL, and an address wanted: a handler ends it, with what has come");

    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark), 0);
    CHECK_EQ(send(end[1], "abc", 3, 0), 3);
    CHECK_EQ(interrupted(above_mark, "rw"), 3);
    OK("SO_RCVLOWAT: a handler ends the wait, with what has come");

    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    CHECK_EQ(send(end[1], "abcd", 4, 0), 4);
    gate_open(&gate, "rw");
    static char buffer[64];
    CHECK_EQ((long)join(spawn(above_mark, buffer)), 4);
    OK("and so does the time-out");

    CHECK_EQ(fcntl(end[0], F_SETFL, O_NONBLOCK), 0);
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    sleep_ms(20);
    CHECK_EQ((long)join(spawn(above_mark, buffer)), 1);
    CHECK_EQ(fcntl(end[0], F_SETFL, 0), 0);
    OK("and a socket that does not wait");

    long n = interrupted(send_big, "socket");
    CHECK(n > 0 && n < (long)sizeof big);
    OK("send: what was sent");

    CHECK_EQ(pipe(end), 0);
    CHECK_EQ(interrupted(write_big, "rw"), 65536);
    OK("write to a pipe: what was written");
    must_have_parked("socket", 2);
    must_have_parked("rw", 2);
}
