/* The odd entries of poll: negative descriptors are ignored, closed ones are
 * POLLNVAL and count, the same descriptor may stand there twice, no events asks
 * for errors only, files are always ready. Must not change: poll waits when
 * none of these is ready, and returns at once when one is. */
#include "asleep.h"

static int end[2];
static struct gate gate;
static struct pollfd *volatile nowhere = (struct pollfd *)8;

static void *twice(void *arg)
{
    struct pollfd p[5] = {{.fd = end[0], .events = POLLIN},
                          {.fd = -1, .events = POLLIN, .revents = -1},
                          {.fd = end[0], .events = POLLIN | POLLPRI},
                          {.fd = -77, .events = POLLOUT, .revents = -1},
                          {.fd = end[0]}};
    enter(&gate);
    CHECK_EQ(poll(p, 5, -1), 2);
    CHECK_EQ(p[0].revents, POLLIN);
    CHECK_EQ(p[1].revents, 0);
    CHECK_EQ(p[2].revents, POLLIN);
    CHECK_EQ(p[3].revents, 0);
    CHECK_EQ(p[4].revents, 0);
    return arg;
}

static void *closed(void *arg)
{
    struct pollfd p[3] = {{.fd = end[0], .events = POLLIN},
                          {.fd = 999, .events = POLLIN},
                          {.fd = 999}};
    CHECK_EQ(poll(p, 3, -1), 2);
    CHECK_EQ(p[0].revents, 0);
    CHECK_EQ(p[1].revents, POLLNVAL);
    CHECK_EQ(p[2].revents, POLLNVAL);
    return arg;
}

static void *files(void *arg)
{
    int fd = open("/proc/self/exe", O_RDONLY), null = open("/dev/null", O_RDWR);
    struct pollfd p[2] = {{.fd = fd, .events = POLLIN | POLLOUT},
                          {.fd = null, .events = POLLIN | POLLOUT | POLLPRI}};
    CHECK_EQ(poll(p, 2, -1), 2);
    CHECK_EQ(p[0].revents, POLLIN | POLLOUT);
    CHECK_EQ(p[1].revents, POLLIN | POLLOUT);
    return arg;
}

static void *nothing_asked(void *arg)
{
    struct pollfd p = {.fd = end[0]};
    enter(&gate);
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLHUP);
    CHECK_ERRNO(poll(nowhere, 1, 0), EFAULT);
    CHECK_ERRNO(ppoll(&p, 1, &(struct timespec){0, -1}, NULL), EINVAL);
    CHECK_ERRNO(ppoll(&p, 1, &(struct timespec){0, 1000000000}, NULL), EINVAL);
    return arg;
}

int main(void)
{
    char c;
    alarm(20);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    gate_open(&gate, "select");
    pthread_t t = spawn(twice, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(write(end[1], "x", 1), 1);
    join(t);
    OK("the same one twice, negative ones between");
    CHECK_EQ(read(end[0], &c, 1), 1);
    join(spawn(closed, NULL));
    OK("closed ones are POLLNVAL");
    join(spawn(files, NULL));
    OK("files are ready");
    gate_open(&gate, "select");
    t = spawn(nothing_asked, NULL);
    until_asleep(&gate, 1);
    close(end[1]);
    join(t);
    must_have_parked("select", 2);
    OK("no events asked: a hang-up still ends the wait");
}
