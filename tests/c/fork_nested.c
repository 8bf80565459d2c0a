/* A child's thread forks a grandchild, whose thread forks again: each process
 * makes threads that wait on sockets, sleep and poll, and ends with the status
 * of the next. Must not change: each generation's main may exit() normally. */
#include "util.h"

enum { DEPTH = 4 };
static int generation(int depth);

static void *echo(void *arg)
{
    int fd = *(int *)arg;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char c;
    CHECK_EQ(poll(&p, 1, -1), 1);
    while (recv(fd, &c, 1, 0) == 1)
        CHECK_EQ(send(fd, &c, 1, 0), 1);
    return NULL;
}

static void *next_generation(void *arg)
{
    int depth = *(int *)arg, status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        exit(generation(depth + 1));
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    return (void *)(intptr_t)(WEXITSTATUS(status) + 1);
}

static int generation(int depth)
{
    int end[2], result = 0;
    char c;
    alarm(10);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    pthread_t t = spawn(echo, &end[0]);
    if (depth < DEPTH)
        result = (int)(intptr_t)join(spawn(next_generation, &depth));
    sleep_ms(1);
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(send(end[1], "x", 1, 0), 1);
        CHECK_EQ(recv(end[1], &c, 1, 0), 1);
    }
    CHECK_EQ(shutdown(end[1], SHUT_WR), 0);
    join(t);
    return result;
}

int main(void)
{
    CHECK_EQ(generation(0), DEPTH);
    OK("%d generations of forking threads", DEPTH);
}
