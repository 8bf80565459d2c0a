/* A program that closes every number from 3 to 1023, as daemons do, then uses
 * sockets and threads as before. Must not change: close answers EBADF for all
 * that the program did not open, and closes what it did; a thread that waits
 * holds its open file until its data come. */
#include "asleep.h"

static int end[2];
static struct gate gate;

static void *waiter(void *arg)
{
    char c;
    int fd = *(int *)arg;
    enter(&gate);
    CHECK_EQ(recv(fd, &c, 1, 0), 1);
    return NULL;
}

static void use_sockets(void)
{
    char c;
    tcp_pair(end);
    gate_open(&gate, "socket");
    pthread_t t = spawn(waiter, &end[0]);
    until_asleep(&gate, 1);
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    join(t);
    CHECK_ERRNO(recv(end[0], &c, 1, MSG_DONTWAIT), EAGAIN);
    close(end[0]), close(end[1]);
}

static void *close_all(void *arg)
{
    int closed = 0;
    for (int fd = 3; fd < 1024; fd++) {
        errno = 0;
        if (close(fd) == 0)
            closed++;
        else
            CHECK_EQ(errno, EBADF);
    }
    CHECK_EQ(closed, *(int *)arg);
    for (int fd = 3; fd < 1024; fd++)
        CHECK_ERRNO(fcntl(fd, F_GETFD), EBADF);
    return NULL;
}

int main(void)
{
    int none = 0, two = 2, ten = 10;
    alarm(20);
    for (int fd = 3; fd < 1024; fd++) /* what the runner may have left */
        close(fd);
    use_sockets();
    close_all(&none);
    use_sockets();
    OK("main closes every number, then sockets and threads work");
    for (int i = 0; i < 10; i++)
        CHECK_EQ(dup(0), 3 + i);
    join(spawn(close_all, &ten));
    use_sockets();
    OK("a thread closes every number, then sockets and threads work");

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    int outside = fcntl(end[1], F_DUPFD, 1024);
    gate_open(&gate, "socket");
    pthread_t t = spawn(waiter, &end[0]);
    until_asleep(&gate, 1);
    close_all(&two);
    CHECK_EQ(send(outside, "x", 1, 0), 1);
    join(t);
    must_have_parked("socket", 4);
    OK("a waiting thread still gets its data");
}
