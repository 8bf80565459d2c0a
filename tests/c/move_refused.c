/* splice, tee and sendfile refuse before they wait for an end: what can't be
 * moved from or to, lengths and offsets that are none, a socket that has no
 * peer. What is there is moved, whatever SO_RCVLOWAT says. */
#include "util.h"
#include <pty.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/un.h>
#include <termios.h>

static int empty[2], ready[2];

static void *of_splice(void *arg)
{
    int number = eventfd(0, 0), set = epoll_create1(0);
    CHECK_ERRNO(splice(number, NULL, empty[1], NULL, 8, 0), EINVAL);
    CHECK_ERRNO(splice(set, NULL, empty[1], NULL, 8, 0), EINVAL);
    CHECK_ERRNO(splice(empty[0], NULL, set, NULL, 8, 0), EINVAL);
    CHECK_ERRNO(splice(empty[0], NULL, number, NULL, (size_t)-5, 0), EINVAL);
    CHECK_ERRNO(splice(number, NULL, set, NULL, 8, 0), EINVAL);
    errno = 0;
    CHECK_EQ(tee(999, empty[1], 0, 0), 0);
    CHECK_EQ(errno, 0);
    return arg;
}

static void *of_terminal(void *arg)
{
    struct termios mode;
    int master, slave;
    CHECK_EQ(openpty(&master, &slave, NULL, NULL, NULL), 0);
    CHECK_EQ(tcgetattr(slave, &mode), 0);
    cfmakeraw(&mode);
    mode.c_cc[VMIN] = mode.c_cc[VTIME] = 0;
    CHECK_EQ(tcsetattr(slave, TCSANOW, &mode), 0);
    CHECK_EQ(splice(slave, NULL, empty[1], NULL, 8, 0), 0);
    return arg;
}

static void *of_socket(void *arg)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX}; /* the kernel chooses one */
    int seq = socket(AF_UNIX, SOCK_SEQPACKET, 0), end[2], mark = 100;
    CHECK_EQ(bind(seq, (struct sockaddr *)&name, sizeof name.sun_family), 0);
    CHECK_EQ(listen(seq, 5), 0);
    CHECK_ERRNO(splice(ready[0], NULL, seq, NULL, 8, 0), ENOTCONN);
    tcp_pair(end);
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark), 0);
    CHECK_EQ(send(end[1], "hello", 5, 0), 5);
    sleep_ms(20);
    CHECK_EQ(splice(end[0], NULL, empty[1], NULL, 64, 0), 5);
    return arg;
}

static void *of_sendfile(void *arg)
{
    int end[2], file = open("/proc/self/exe", O_RDONLY);
    static char some[4096];
    off_t before = -5;
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    while (send(end[0], some, sizeof some, MSG_DONTWAIT) > 0)
        ;
    CHECK_ERRNO(sendfile(end[0], file, &before, 16), EINVAL);
    CHECK_ERRNO(sendfile(end[0], file, (off_t *)16, 16), EFAULT);
    CHECK_ERRNO(sendfile(end[0], file, NULL, (size_t)-5), EINVAL);
    CHECK_EQ(sendfile(end[0], file, NULL, 0), 0);
    return arg;
}

int main(void)
{
    static char some[65536];
    alarm(20);
    CHECK_EQ(pipe(empty), 0);
    CHECK_EQ(pipe(ready), 0);
    CHECK_EQ(write(ready[1], some, sizeof some), sizeof some);
    join(spawn(of_terminal, NULL));
    OK("a terminal that never waits gives nothing");
    join(spawn(of_socket, NULL));
    OK("a socket without a peer refuses; what is below the mark is moved");
    CHECK_EQ(read(empty[0], some, sizeof some), 5);
    join(spawn(of_splice, NULL));
    OK("splice and tee refuse at once");
    join(spawn(of_sendfile, NULL));
    OK("sendfile refuses at once, though the socket is full");
}
