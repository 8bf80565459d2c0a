/* The classic forking server, from a thread: accept, fork, the child serves the
 * connection it inherited, the parent closes its copy. Must not change: the
 * client sees the end when the child is done, not before. */
#include "util.h"

enum { CLIENTS = 12 };
static int l;

static void serve(int fd)
{
    char buf[64];
    ssize_t n;
    alarm(10);
    close(l);
    while ((n = recv(fd, buf, sizeof buf, 0)) > 0)
        send_all(fd, buf, (size_t)n);
    _exit(n != 0);
}

static void *server(void *arg)
{
    pid_t child[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        int fd = accept(l, NULL, NULL);
        CHECK(fd >= 0);
        child[i] = fork();
        CHECK(child[i] >= 0);
        if (child[i] == 0)
            serve(fd);
        close(fd);
    }
    for (int i = 0; i < CLIENTS; i++) {
        int status;
        CHECK(waitpid(child[i], &status, 0) == child[i]);
        CHECK_EQ(status, 0);
    }
    return arg;
}

static void *client(void *arg)
{
    int fd = dial(arg);
    char out[40], in[40];
    for (int i = 0; i < 50; i++) {
        memset(out, i, sizeof out);
        send_all(fd, out, sizeof out);
        recv_all(fd, in, sizeof in);
        CHECK(memcmp(in, out, sizeof in) == 0);
    }
    CHECK_EQ(shutdown(fd, SHUT_WR), 0);
    CHECK_EQ(recv(fd, in, 1, 0), 0);
    close(fd);
    return NULL;
}

int main(void)
{
    struct sockaddr_in addr;
    pthread_t t[CLIENTS];
    alarm(20);
    l = listener(&addr);
    /* Clients are a process of their own: what they hold open must not be
     * inherited by the server's children. */
    pid_t pid = fork();
    if (pid == 0) {
        alarm(10);
        close(l);
        for (int i = 0; i < CLIENTS; i++)
            t[i] = spawn(client, &addr);
        for (int i = 0; i < CLIENTS; i++)
            join(t[i]);
        _exit(0);
    }
    int status;
    pthread_t s = spawn(server, NULL);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    join(s);
    OK("%d children served the connections they inherited", CLIENTS);
}
