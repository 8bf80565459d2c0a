/* connect on a socket that connects already waits for the same connection: the
 * call that a handler has interrupted, made again, and a second thread's both
 * return 0. Must not change: then the socket is connected (EISCONN). */
#include "asleep.h"

static struct sockaddr_in addr;
static struct gate gate;
static int fd;

static void handler(int signum) { (void)signum; }

static int dial_once(void) { return connect(fd, (struct sockaddr *)&addr, sizeof addr); }

static void *interrupted(void *arg)
{
    enter(&gate);
    CHECK_ERRNO(dial_once(), EINTR);
    enter(&gate);
    errno = 77;
    CHECK_EQ(dial_once(), 0);
    CHECK_EQ(errno, 77);
    return arg;
}

static void *second(void *arg)
{
    enter(&gate);
    CHECK_EQ(dial_once(), 0);
    return arg;
}

int main(void)
{
    alarm(20);
    struct sigaction act = {.sa_handler = handler};
    sigaction(SIGUSR1, &act, NULL);
    int l = listener(&addr);
    CHECK_EQ(listen(l, 0), 0);
    dial(&addr); /* fills the queue: further SYNs are dropped */
    fd = socket(AF_INET, SOCK_STREAM, 0);

    gate_open(&gate, "socket");
    pthread_t first = spawn(interrupted, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(pthread_kill(first, SIGUSR1), 0);
    until_asleep(&gate, 2);
    pthread_t other = spawn(second, NULL);
    until_asleep(&gate, 3);
    must_have_parked("socket", 3);
    close(accept(l, NULL, NULL));
    join(first);
    join(other);
    OK("both return 0");
    CHECK_ERRNO(dial_once(), EISCONN);
    OK("then it is connected");
}
