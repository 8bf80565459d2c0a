/* open, socket, socketpair, pipe, dup, accept, eventfd, epoll_create and
 * fcntl(F_DUPFD) return the lowest free number (POSIX 2.14), over 1000 opens,
 * in main and in a thread, while other threads wait. Must not change: no
 * number is ever taken by what the program did not open. */
#include "asleep.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>

static int end[2], next;
static struct gate gate;

static void *waiter(void *arg)
{
    char c;
    enter(&gate);
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    return arg;
}

static void *story(void *arg)
{
    struct sockaddr_in addr;
    int p[2], first = next;
    for (int i = 0; i < 90; i++) {
        CHECK_EQ(open("/dev/null", O_RDONLY), next++);
        CHECK_EQ(socket(AF_UNIX, SOCK_STREAM, 0), next++);
        CHECK_EQ(dup(0), next++);
        CHECK_EQ(fcntl(0, F_DUPFD, 3), next++);
        CHECK_EQ(eventfd(0, 0), next++);
        CHECK_EQ(epoll_create1(0), next++);
        CHECK_EQ(pipe(p), 0);
        CHECK_EQ(p[0], next++);
        CHECK_EQ(p[1], next++);
        CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, p), 0);
        CHECK_EQ(p[0], next++);
        CHECK_EQ(p[1], next++);
        CHECK_EQ(listener(&addr), next++);
        CHECK_EQ(dial(&addr), next++);
        CHECK_EQ(accept(next - 2, NULL, NULL), next);
        next++;
    }
    for (int fd = first + 1; fd < next; fd += 100) { /* holes */
        close(fd);
        CHECK_EQ(dup(0), fd);
        close(fd);
        CHECK_EQ(open("/dev/null", O_RDONLY), fd);
    }
    while (next > first)
        CHECK_EQ(close(--next), 0);
    return arg;
}

int main(void)
{
    pthread_t t[4];
    alarm(20);
    closefrom(3); /* what the runner may have left */
    tcp_pair(end);
    while ((next = dup(0)) < end[1]) /* fills the holes below */
        ;
    close(next);
    gate_open(&gate, "socket");
    for (int i = 0; i < 4; i++)
        t[i] = spawn(waiter, NULL);
    until_asleep(&gate, 4);
    story(NULL);
    OK("main: each of 1170 descriptors has the lowest free number");
    join(spawn(story, NULL));
    OK("a thread: the same");
    send_all(end[1], "abcd", 4);
    for (int i = 0; i < 4; i++)
        join(t[i]);
    must_have_parked("socket", 4);
}
