/* close() of a descriptor in which another thread waits: the wait holds the
 * open file, so it stays, gets data that come later, and the peer sees the
 * end only when it is over (close(2), "Multithreaded processes"). Must not
 * change: the number is free at once, and its new owner's data are its own. */
#include "asleep.h"

static int end[2];
static struct gate gate;

static void *receiver(void *arg)
{
    char c = 0;
    int fd = end[0];
    (void)arg;
    enter(&gate);
    CHECK_EQ(recv(fd, &c, 1, 0), 1);
    CHECK_EQ(c, 'x');
    return NULL;
}

int main(void)
{
    int other[2];
    char c;
    alarm(20);
    tcp_pair(end);
    CHECK(open("/dev/null", O_RDONLY) < end[0]); /* no lower number is free */
    gate_open(&gate, "socket");
    pthread_t t = spawn(receiver, NULL);
    until_asleep(&gate, 1);
    int number = end[0];
    CHECK_EQ(close(number), 0);
    CHECK_ERRNO(fcntl(number, F_GETFD), EBADF);
    OK("close returns at once, and the number is closed");

    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, other), 0);
    CHECK_EQ(other[0], number);
    CHECK_EQ(send(other[1], "o", 1, 0), 1);
    sleep_ms(20);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    CHECK_EQ(recv(number, &c, 1, MSG_DONTWAIT), 1);
    CHECK_EQ(c, 'o');
    OK("the number's new owner does not disturb the wait");

    CHECK_ERRNO(recv(end[1], &c, 1, MSG_DONTWAIT), EAGAIN);
    OK("the peer sees no end while the wait lasts");
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    join(t);
    must_have_parked("socket", 1);
    OK("the wait gets the data that come later");
    CHECK_EQ(recv(end[1], &c, 1, 0), 0);
    OK("then the peer sees the end");
}
