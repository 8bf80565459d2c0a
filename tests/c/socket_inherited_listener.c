/* A listener that a parent made and left on descriptor 0 (as inetd or systemd
 * do) serves in a program that exec started, with its own flags, blocking or
 * not. Must not change: an O_NONBLOCK that the parent set stays, and accept
 * honours it. The program runs itself as that server. */
#include "asleep.h"

static void *server(void *arg)
{
    char c;
    if (arg) {
        struct pollfd p = {.fd = 0, .events = POLLIN};
        CHECK_ERRNO(accept(0, NULL, NULL), EAGAIN);
        CHECK_EQ(write(1, "r", 1), 1);
        CHECK_EQ(poll(&p, 1, -1), 1);
    } else {
        CHECK_EQ(write(1, "r", 1), 1);
    }
    int fd = accept(0, NULL, NULL);
    CHECK(fd >= 0);
    CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    while (recv(fd, &c, 1, 0) == 1)
        CHECK_EQ(send(fd, &c, 1, 0), 1);
    return NULL;
}

static void story(const char *name, const char *self, int flag)
{
    struct sockaddr_in addr;
    int ready[2], status;
    char c;
    int l = listener(&addr);
    CHECK_EQ(fcntl(l, F_SETFL, flag), 0);
    CHECK_EQ(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(l, 0), dup2(ready[1], 1);
        close_range(3, ~0u, 0);
        execl(self, self, flag ? "nonblocking" : "blocking", NULL);
        _exit(127);
    }
    CHECK_EQ(read(ready[0], &c, 1), 1);
    close(l);
    int fd = dial(&addr);
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(send(fd, "x", 1, 0), 1);
        CHECK_EQ(recv(fd, &c, 1, 0), 1);
    }
    close(fd);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    OK("an inherited %s listener serves after exec", name);
}

int main(int argc, char **argv)
{
    alarm(20);
    if (argc > 1) {
        join(spawn(server, argv[1][0] == 'n' ? argv : NULL));
        return 0;
    }
    story("blocking", "/proc/self/exe", 0);
    story("non-blocking", "/proc/self/exe", O_NONBLOCK);
}
