/* The program sees the descriptors it opened and no other: poll of an unopened
 * number says POLLNVAL. An exec'd child inherits 0, 1, 2 and what was
 * left open. Must not change: even while threads wait in every way, nothing
 * below 1024 is there that the program did not open. */
#include "asleep.h"
#include <dirent.h>

static int end[2];
static struct gate gate;

static void *waiter(void *arg)
{
    char c;
    enter(&gate);
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    return arg;
}

static int open_numbers(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++) {
        struct pollfd p = {.fd = fd};
        CHECK(poll(&p, 1, 0) >= 0);
        n += p.revents != POLLNVAL;
        CHECK_EQ(fcntl(fd, F_GETFD) == -1, p.revents == POLLNVAL);
    }
    return n;
}

static int inherited(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.' && atoi(e->d_name) != dirfd(d);
    closedir(d);
    return n;
}

static void *counts(void *arg)
{
    *(int *)arg = open_numbers();
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t t[8];
    int here, status;
    alarm(20);
    if (argc > 1)
        return preloaded() ? open_numbers() : inherited();
    closefrom(3);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    gate_open(&gate, "socket");
    for (int i = 0; i < 8; i++)
        t[i] = spawn(waiter, NULL);
    until_asleep(&gate, 8);
    CHECK_EQ(open_numbers(), 5);
    join(spawn(counts, &here));
    CHECK_EQ(here, 5);
    OK("main and a thread see the program's five descriptors");

    pid_t pid = fork();
    if (pid == 0) {
        fcntl(end[0], F_SETFD, FD_CLOEXEC);
        execl("/proc/self/exe", argv[0], "count", NULL);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(WEXITSTATUS(status), 4);
    OK("an exec'd child inherits the four that are not close-on-exec");
    send_all(end[1], "12345678", 8);
    for (int i = 0; i < 8; i++)
        join(t[i]);
    must_have_parked("socket", 8);
}
