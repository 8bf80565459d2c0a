/* Four threads fork at the same time, again and again, while others exchange
 * data: every child runs and ends with its own status. Must not change: no
 * child hangs in a lock that another thread held at the fork, no byte is lost. */
#include "util.h"

enum { FORKERS = 4, CHILDREN = 15, TALKERS = 4 };
static atomic_int stop;

static void *child_thread(void *arg)
{
    void *p = malloc(100);
    sleep_ms(1);
    free(p);
    return arg;
}

static void *forker(void *arg)
{
    for (int i = 0; i < CHILDREN; i++) {
        int status, want = 10 + i;
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            alarm(10);
            join(spawn(child_thread, NULL));
            _exit(want);
        }
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK(WIFEXITED(status));
        CHECK_EQ(WEXITSTATUS(status), want);
    }
    return arg;
}

static void *echo(void *arg)
{
    int *end = arg;
    char c;
    while (recv(end[1], &c, 1, 0) == 1)
        CHECK_EQ(send(end[1], &c, 1, 0), 1);
    return NULL;
}

static void *talker(void *arg)
{
    int *end = arg;
    char c = 0, back;
    do {
        CHECK_EQ(send(end[0], &c, 1, 0), 1);
        CHECK_EQ(recv(end[0], &back, 1, 0), 1);
        CHECK_EQ(back, c);
        c++;
    } while (!stop);
    CHECK_EQ(shutdown(end[0], SHUT_WR), 0);
    return NULL;
}

int main(void)
{
    static int end[TALKERS][2];
    pthread_t f[FORKERS], t[2 * TALKERS];
    alarm(20);
    for (int i = 0; i < TALKERS; i++) {
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end[i]), 0);
        t[i] = spawn(talker, end[i]);
        t[i + TALKERS] = spawn(echo, end[i]);
    }
    for (int i = 0; i < FORKERS; i++)
        f[i] = spawn(forker, NULL);
    for (int i = 0; i < FORKERS; i++)
        join(f[i]);
    stop = 1;
    for (int i = 0; i < 2 * TALKERS; i++)
        join(t[i]);
    OK("%d children ended with their own status", FORKERS * CHILDREN);
}
