/* An address that is none of the program's is EFAULT, in each call whose memory
 * the kernel reads or writes; one that ends at the last byte of a page is not.
 * Must not change: a call that succeeds leaves errno alone. */
#include "util.h"
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/syscall.h>

static void *const bad = (void *)16;
static char *edge; /* the first byte after the last page */

static void *story(void *arg)
{
    struct timespec tick = {0, 1000}, never = {-1, 0};
    struct pollfd p = {.fd = 0, .events = POLLPRI};
    int ep = epoll_create1(0), s[2];
    struct epoll_event e;
    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, s), 0);

    CHECK_ERRNO(ppoll(&p, 1, &tick, bad), EFAULT);
    CHECK_ERRNO(ppoll(&p, 1, &tick, (void *)(edge - 4)), EFAULT);
    CHECK_ERRNO(select(5, bad, NULL, NULL, NULL), EFAULT);
    CHECK_ERRNO(pselect(5, NULL, bad, NULL, &tick, NULL), EFAULT);
    CHECK_ERRNO(pselect(0, NULL, NULL, NULL, &tick, bad), EFAULT);
    CHECK_ERRNO(epoll_pwait(ep, &e, 1, 1, bad), EFAULT);
    CHECK_ERRNO(epoll_pwait2(ep, &e, 1, bad, NULL), EFAULT);
    CHECK_ERRNO(sigsuspend(bad), EFAULT);
    CHECK_ERRNO(sigtimedwait(bad, NULL, &tick), EFAULT);
    CHECK_ERRNO(sigtimedwait((void *)(edge - 8), NULL, bad), EFAULT);
    CHECK_ERRNO(nanosleep(bad, NULL), EFAULT);
    CHECK_ERRNO(prctl(PR_SET_NAME, bad), EFAULT);
    CHECK_ERRNO(prctl(PR_SET_NAME, edge - 3), EFAULT);
    CHECK_ERRNO(prctl(PR_GET_NAME, bad), EFAULT);
    CHECK_ERRNO(clock_gettime(CLOCK_THREAD_CPUTIME_ID, bad), EFAULT);
    CHECK_ERRNO(recvmmsg(s[0], bad, 1, 0, bad), EFAULT);
    CHECK_ERRNO(recvmsg(s[0], bad, MSG_WAITALL), EFAULT);
    CHECK_ERRNO(syscall(SYS_timer_create, CLOCK_REALTIME, bad, bad), EFAULT);
    CHECK_ERRNO(syscall(SYS_sched_setattr, 0, bad, 0), EFAULT);
    CHECK_ERRNO(syscall(SYS_futex, bad, 0, 0, NULL, NULL, 0), EFAULT);
    OK("EFAULT");

    errno = 77;
    memset(edge - 64, 0, 64);
    CHECK_EQ(ppoll(&p, 1, &tick, (void *)(edge - 8)), 0);
    CHECK_EQ(select(5, (void *)(edge - 8), NULL, NULL, &(struct timeval){0, 1}), 0);
    CHECK_EQ(prctl(PR_SET_NAME, strcpy(edge - 3, "ab")), 0);
    CHECK_EQ(prctl(PR_GET_NAME, edge - 16), 0);
    CHECK(!strcmp(edge - 16, "ab"));
    CHECK_EQ(nanosleep((void *)memcpy(edge - 16, &tick, 16), NULL), 0);
    CHECK_EQ(errno, 77);
    OK("up to the last byte there is no fault");

    struct iovec one = {edge - 1, 1}, none = {bad, 1};
    struct mmsghdr two[2] = {{.msg_hdr = {.msg_iov = &one, .msg_iovlen = 1}},
                             {.msg_hdr = {.msg_iov = &none, .msg_iovlen = 1}}};
    CHECK_EQ(sendmmsg(s[1], two, 2, 0), 1);
    CHECK_EQ(send(s[1], "y", 1, 0), 1);
    CHECK_EQ(recvmmsg(s[0], two, 2, 0, NULL), 1);
    CHECK_EQ(errno, 77);
    CHECK_ERRNO(recvmmsg(s[1], two, 1, 0, &never), EINVAL);
    OK("one of two messages: errno stays");
    return arg;
}

int main(void)
{
    alarm(20);
    edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(edge != MAP_FAILED);
    edge += 4096;
    memset(edge - 4096, 'x', 4096);
    CHECK_EQ(mprotect(edge, 4096, PROT_NONE), 0);
    join(spawn(story, NULL));
}
