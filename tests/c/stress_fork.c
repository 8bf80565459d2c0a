/* A storm of forks from several threads while others lock, allocate and use
 * sockets: each child makes threads of its own, talks to its parent over a
 * socket, and ends with its own status. Argument: forks a thread (default 15). */
#include "thread.h"

enum { FORKERS = 6 };
static long forks = 15;
static atomic_int stop, children;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;

static void *works(void *arg)
{
    int end[2];
    char byte;
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    do {
        pthread_mutex_lock(&m);
        free(malloc(1000));
        pthread_mutex_unlock(&m);
        send_all(end[0], "x", 1);
        recv_all(end[1], &byte, 1);
        sched_yield();
    } while (!stop && arg);
    close(end[0]);
    close(end[1]);
    return NULL;
}

/* Two threads echo a byte each through the socket to the parent. */
static void *answers(void *arg)
{
    int fd = (int)(long)arg;
    char byte;
    recv_all(fd, &byte, 1);
    byte++;
    send_all(fd, &byte, 1);
    return NULL;
}

static void child(int fd, int status)
{
    pthread_t a = spawn(answers, (void *)(long)fd), b = spawn(answers, (void *)(long)fd);
    join(spawn(works, NULL)); /* one turn: main's mutex is not ours to wait for */
    join(a);
    join(b);
    _exit(status);
}

static void *forks_often(void *arg)
{
    for (long i = 0; i < forks; i++) {
        int end[2], status, mine = (int)((long)arg * 31 + i) % 250;
        char out[2] = {(char)i, (char)i}, in[2];
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
        pthread_mutex_lock(&m); /* so that it is free in the child */
        pid_t pid = fork();
        pthread_mutex_unlock(&m);
        CHECK(pid >= 0);
        if (pid == 0) {
            SAFETY_NET();
            child(end[1], mine);
        }
        close(end[1]);
        send_all(end[0], out, 2);
        recv_all(end[0], in, 2);
        CHECK_EQ(in[0], (char)(i + 1));
        CHECK_EQ(in[1], (char)(i + 1));
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK(WIFEXITED(status));
        CHECK_EQ(WEXITSTATUS(status), mine);
        close(end[0]);
        children++;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    SAFETY_NET();
    if (argc > 1)
        forks = atol(argv[1]);
    pthread_t f[FORKERS], w[2];
    for (int i = 0; i < 2; i++)
        w[i] = spawn(works, &m);
    for (long i = 0; i < FORKERS; i++)
        f[i] = spawn(forks_often, (void *)i);
    for (int i = 0; i < FORKERS; i++)
        join(f[i]);
    stop = 1;
    for (int i = 0; i < 2; i++)
        join(w[i]);
    OK("%d children", children);
    return 0;
}
