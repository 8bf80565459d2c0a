/* A socket that the program made non-blocking answers EAGAIN at once, however
 * the flag was set: fcntl, FIONBIO, SOCK_NONBLOCK of socket and socketpair,
 * accept4's flags. Must not change: a socket that accept returns does not
 * inherit the listener's flag, and clearing the flag makes calls wait again. */
#include "asleep.h"
#include <sys/ioctl.h>

static struct gate gate;
static int fd;

static int is_nonblock(int s) { return !!(fcntl(s, F_GETFL) & O_NONBLOCK); }

static void *receiver(void *arg)
{
    char c;
    (void)arg;
    enter(&gate);
    CHECK_EQ(recv(fd, &c, 1, 0), 1);
    return NULL;
}

static void *story(void *arg)
{
    struct sockaddr_in addr;
    int end[2], on = 1, off = 0;
    char c;
    (void)arg;

    tcp_pair(end);
    CHECK_EQ(fcntl(end[0], F_SETFL, O_NONBLOCK), 0);
    CHECK_ERRNO(recv(end[0], &c, 1, 0), EAGAIN);
    CHECK_ERRNO(read(end[0], &c, 1), EAGAIN);
    OK("fcntl(O_NONBLOCK) is honoured");

    CHECK_EQ(ioctl(end[0], FIONBIO, &off), 0);
    CHECK_EQ(is_nonblock(end[0]), 0);
    CHECK_EQ(ioctl(end[1], FIONBIO, &on), 0);
    CHECK_EQ(is_nonblock(end[1]), 1);
    CHECK_ERRNO(recv(end[1], &c, 1, 0), EAGAIN);
    OK("ioctl(FIONBIO) is honoured, and shows in F_GETFL");

    int pair[2];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    CHECK_ERRNO(recv(pair[0], &c, 1, 0), EAGAIN);
    CHECK_ERRNO(read(pair[1], &c, 1), EAGAIN);
    OK("SOCK_NONBLOCK is honoured");

    int l = listener(&addr);
    CHECK_EQ(fcntl(l, F_SETFL, O_NONBLOCK), 0);
    CHECK_ERRNO(accept(l, NULL, NULL), EAGAIN);
    int client = dial(&addr);
    int plain = accept(l, NULL, NULL);
    CHECK_EQ(is_nonblock(plain), 0);
    dial(&addr);
    int flagged = accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    CHECK_EQ(is_nonblock(flagged), 1);
    CHECK_EQ(fcntl(flagged, F_GETFD), FD_CLOEXEC);
    CHECK_ERRNO(recv(flagged, &c, 1, 0), EAGAIN);
    OK("accept4 sets its flags, accept inherits none");

    gate_open(&gate, "socket");
    fd = plain;
    pthread_t t = spawn(receiver, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(send(client, "x", 1, 0), 1);
    join(t);
    must_have_parked("socket", 1);
    OK("the socket without the flag waits");
    return NULL;
}

int main(void)
{
    alarm(20);
    join(spawn(story, NULL));
}
