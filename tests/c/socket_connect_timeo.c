/* SO_SNDTIMEO limits connect: to a unix listener whose backlog is full, EAGAIN
 * after the time; to a TCP listener that does not answer, EINPROGRESS. Must
 * not change: without a limit connect waits until accept makes room. */
#include "asleep.h"
#include <sys/un.h>

static struct sockaddr_un name = {.sun_family = AF_UNIX};
static socklen_t name_len;
static struct gate gate;

static int to_listener(int flags, long ms)
{
    struct timeval tv = {0, ms * 1000};
    int fd = socket(AF_UNIX, SOCK_STREAM | flags, 0);
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv), 0);
    if (connect(fd, (struct sockaddr *)&name, name_len) == 0)
        return fd;
    close(fd);
    return -1;
}

static void *patient(void *arg)
{
    (void)arg;
    enter(&gate);
    int fd = to_listener(0, 0);
    CHECK(fd >= 0);
    CHECK_EQ(send(fd, "x", 1, 0), 1);
    return NULL;
}

static void *story(void *arg)
{
    (void)arg;
    int64_t start = now_ns();
    CHECK_ERRNO(to_listener(0, 40), EAGAIN);
    CHECK_TIMEO(start, 40);
    CHECK_ERRNO(to_listener(SOCK_NONBLOCK, 0), EAGAIN);
    OK("unix, backlog full: EAGAIN after the limit, or at once");

    struct sockaddr_in addr;
    struct timeval tv = {0, 40000};
    int l = listener(&addr), fd, last = 0;
    CHECK_EQ(listen(l, 0), 0);
    dial(&addr); /* fills the queue: further SYNs are dropped */
    do {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv), 0);
        start = now_ns();
        last = connect(fd, (struct sockaddr *)&addr, sizeof addr);
    } while (last == 0);
    CHECK_EQ(errno, EINPROGRESS);
    CHECK_TIMEO(start, 40);
    OK("tcp, no answer: EINPROGRESS after the limit");
    return NULL;
}

int main(void)
{
    alarm(20);
    int l = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ(bind(l, (struct sockaddr *)&name, sizeof(sa_family_t)), 0);
    name_len = sizeof name; /* autobind: the kernel chose a name */
    CHECK_EQ(getsockname(l, (struct sockaddr *)&name, &name_len), 0);
    CHECK_EQ(listen(l, 1), 0);
    int full = 0;
    while (to_listener(SOCK_NONBLOCK, 0) >= 0)
        full++;
    CHECK_EQ(full, 2);

    join(spawn(story, NULL));
    gate_open(&gate, "socket");
    pthread_t t = spawn(patient, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    char c;
    int fd = -1;
    for (int i = 0; i < 3; i++)
        CHECK((fd = accept(l, NULL, NULL)) >= 0);
    CHECK_EQ(recv(fd, &c, 1, 0), 1);
    join(t);
    OK("without a limit connect waits for accept");
}
