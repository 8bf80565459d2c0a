/* daemon(): the parent exits, the child goes on as main, in a session of its
 * own, and serves with threads. Must not change: descriptors that were open
 * before it, a listener among them; exit status of the parent. */
#include "asleep.h"

static int l, tell;
static struct gate gate;

static void *connection(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char c;
    while (recv(fd, &c, 1, 0) == 1)
        CHECK_EQ(send(fd, &c, 1, 0), 1);
    close(fd);
    return NULL;
}

static void *early(void *arg)
{
    char c;
    enter(&gate); /* a thread from before daemon() is not there after it */
    CHECK_EQ(recv(*(int *)arg, &c, 1, 0), 1);
    CHECK(!"the daemon has a thread of its parent");
    return NULL;
}

static int service(void)
{
    int end[2];
    pthread_t t[5];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    gate_open(&gate, "socket");
    spawn(early, &end[0]);
    until_asleep(&gate, 1);
    pid_t before = getpid();
    CHECK_EQ(daemon(0, 0), 0);
    alarm(10);
    CHECK(getpid() != before);
    CHECK_EQ(getsid(0) != before, 1);
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    for (int i = 0; i < 5; i++)
        t[i] = spawn(connection, (void *)(intptr_t)accept(l, NULL, NULL));
    for (int i = 0; i < 5; i++)
        join(t[i]);
    CHECK_EQ(write(tell, "done", 4), 4);
    return 0;
}

int main(void)
{
    struct sockaddr_in addr;
    int status, p[2], fd[5];
    char buf[8];
    alarm(20);
    l = listener(&addr);
    CHECK_EQ(pipe(p), 0);
    tell = p[1];
    pid_t pid = fork();
    if (pid == 0)
        _exit(service());
    close(p[1]);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    OK("the parent of the daemon has ended with status 0");
    for (int i = 0; i < 5; i++)
        fd[i] = dial(&addr);
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(send(fd[i % 5], "x", 1, 0), 1);
        CHECK_EQ(recv(fd[i % 5], buf, 1, 0), 1);
    }
    for (int i = 0; i < 5; i++)
        close(fd[i]);
    CHECK_EQ(read(p[0], buf, sizeof buf), 4);
    CHECK_EQ(read(p[0], buf, sizeof buf), 0);
    OK("the daemon served five connections in threads, and ended");
}
