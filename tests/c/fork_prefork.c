/* A prefork server: processes that share a listener, each with threads that
 * accept; their parent replaces one that is killed. Every byte is checked. */
#include "thread.h"

enum { PROCESSES = 3, THREADS = 4, CLIENTS = 24, ROUNDS = 40, SIZE = 700 };
static int l;

static void *serves(void *arg)
{
    char buf[256];
    for (;;) {
        int fd = accept(l, NULL, NULL);
        CHECK(fd >= 0);
        ssize_t n;
        while ((n = recv(fd, buf, sizeof buf, 0)) > 0)
            send_all(fd, buf, (size_t)n);
        close(fd);
    }
    return arg;
}

static pid_t serve(void)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        SAFETY_NET();
        for (int i = 1; i < THREADS; i++)
            spawn(serves, NULL);
        serves(NULL);
    }
    return pid;
}

static void *client(void *arg)
{
    unsigned char out[SIZE], in[SIZE];
    for (int round = 0; round < ROUNDS; round++) {
        int fd = dial(arg);
        for (int i = 0; i < SIZE; i++)
            out[i] = (unsigned char)(rand() >> 8);
        send_all(fd, out, SIZE);
        recv_all(fd, in, SIZE);
        CHECK(!memcmp(in, out, SIZE));
        CHECK_EQ(shutdown(fd, SHUT_WR), 0);
        CHECK_EQ(recv(fd, in, 1, 0), 0);
        close(fd);
    }
    return NULL;
}

/* The parent, in a thread: makes the processes, and one more for one lost. */
static void *master(void *arg)
{
    struct sockaddr_in *addr = arg;
    pid_t pid[PROCESSES];
    pthread_t t[CLIENTS];
    int status;
    for (int i = 0; i < PROCESSES; i++)
        pid[i] = serve();
    CHECK_EQ(kill(pid[0], SIGKILL), 0);
    CHECK_EQ(waitpid(pid[0], &status, 0), pid[0]);
    CHECK_EQ(status, SIGKILL);
    pid[0] = serve();
    for (int i = 0; i < CLIENTS; i++)
        t[i] = spawn(client, addr);
    for (int i = 0; i < CLIENTS; i++)
        join(t[i]);
    for (int i = 0; i < PROCESSES; i++) {
        CHECK_EQ(kill(pid[i], SIGTERM), 0);
        CHECK_EQ(waitpid(pid[i], &status, 0), pid[i]);
        CHECK_EQ(status, SIGTERM);
    }
    return NULL;
}

int main(void)
{
    struct sockaddr_in addr;
    SAFETY_NET();
    l = listener(&addr);
    join(spawn(master, &addr));
    OK("%d processes served %d connections", PROCESSES, CLIENTS * ROUNDS);
    return 0;
}
