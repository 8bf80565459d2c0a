/* fork() by a thread while others wait in recv, poll and sleep: the child has
 * the caller only, which can use sockets, sleep, and make threads that wait.
 * Must not change: the parent's waits, which go on and end with their data. */
#include "asleep.h"

static int end[4][2];
static struct gate gate;

static void *waits(void *arg)
{
    int i = (int)(intptr_t)arg;
    struct pollfd p = {.fd = end[i][0], .events = POLLIN};
    char c;
    enter(&gate);
    if (i == 1)
        CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(recv(end[i][0], &c, 1, 0), 1);
    CHECK_EQ(c, 'p');
    return NULL;
}

static void *child_thread(void *arg)
{
    int *fd = arg;
    char c;
    sleep_ms(1);
    CHECK_EQ(recv(fd[0], &c, 1, 0), 1);
    CHECK_EQ(send(fd[0], &c, 1, 0), 1);
    return NULL;
}

static int in_child(void)
{
    int fd[2];
    char c = 0;
    alarm(10); /* a child inherits no alarm */
    tcp_pair(fd);
    pthread_t t = spawn(child_thread, fd);
    sleep_ms(5);
    CHECK_EQ(send(fd[1], "c", 1, 0), 1);
    CHECK_EQ(recv(fd[1], &c, 1, 0), 1);
    join(t);
    return c == 'c' ? 42 : 1;
}

static void *forks(void *arg)
{
    for (int i = 0; i < 5; i++) {
        int status;
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            _exit(in_child());
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK(WIFEXITED(status));
        CHECK_EQ(WEXITSTATUS(status), 42);
    }
    return arg;
}

int main(void)
{
    pthread_t t[4];
    alarm(20);
    gate_open(&gate, "socket");
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end[i]), 0);
        t[i] = spawn(waits, (void *)(intptr_t)i);
    }
    while (gate.n < 4)
        sleep_ms(1);
    join(spawn(forks, NULL));
    OK("five children of a thread used sockets and threads of their own");
    forks(NULL);
    OK("five children of main did");
    for (int i = 0; i < 4; i++)
        CHECK_EQ(send(end[i][1], "p", 1, 0), 1);
    for (int i = 0; i < 4; i++)
        join(t[i]);
    OK("the parent's waits went on");
}
