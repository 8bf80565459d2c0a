/* vmsplice waits for room in a pipe, or for something in it, in a thread that
 * parks; what fits is moved, as natively. SPLICE_F_NONBLOCK does not wait, and
 * O_NONBLOCK is none of its business. */
#include "asleep.h"
#include "thread.h"
#include <sys/uio.h>

static int end[2];
static _Alignas(4096) char page[1 << 16];
static struct gate gate;

static void *puts_in(void *arg)
{
    struct iovec one = {page, 8192};
    enter(&gate);
    return (void *)vmsplice(end[1], &one, 1, (unsigned)(long)arg);
}

static void *takes_out(void *arg)
{
    struct iovec one = {page, sizeof page};
    enter(&gate);
    return (void *)vmsplice(end[0], &one, 1, (unsigned)(long)arg);
}

static pthread_t start(void *(*body)(void *))
{
    gate_open(&gate, "socket");
    pthread_t t = spawn(body, NULL);
    until_asleep(&gate, 1);
    return t;
}

static void *nonblocking(void *arg)
{
    struct iovec one = {page, 1};
    CHECK_ERRNO(vmsplice(end[0], &one, 1, SPLICE_F_NONBLOCK), EAGAIN);
    CHECK_ERRNO(vmsplice(-1, &one, 1, 0), EBADF);
    CHECK_ERRNO(vmsplice(end[1], &one, 1, 1 << 20), EINVAL);
    CHECK_EQ(vmsplice(end[1], &one, 0, 0), 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    CHECK_EQ(pipe(end), 0);
    pthread_t t = start(takes_out);
    CHECK_EQ(write(end[1], "abc", 3), 3);
    CHECK_EQ((long)join(t), 3);
    CHECK_EQ(memcmp(page, "abc", 3), 0);
    OK("waits for something");
    CHECK_EQ(fcntl(end[1], F_SETPIPE_SZ, 4096), 4096);
    CHECK_EQ(write(end[1], page, 4096), 4096);
    t = start(puts_in);
    CHECK_EQ(read(end[0], page, 4096), 4096);
    CHECK_EQ((long)join(t), 4096);
    CHECK_EQ(read(end[0], page, 8192), 4096);
    OK("waits for room, and moves what fits");
    join(spawn(nonblocking, NULL));
    OK("or says that it would");
    must_have_parked("socket", 2);
    return 0;
}
