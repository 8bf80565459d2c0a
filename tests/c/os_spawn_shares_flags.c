/* A child of posix_spawn, system or popen that makes an inherited socket
 * non-blocking makes it so for its parent: the parent's recv does not wait. */
#include "thread.h"
#include <spawn.h>

extern char **environ;
static char self[PATH_MAX];

static void by_spawn(int fd)
{
    char number[16];
    pid_t pid;
    int status;
    snprintf(number, sizeof number, "%d", fd);
    char *argv[] = {self, number, NULL};
    CHECK_EQ(posix_spawn(&pid, self, NULL, NULL, argv, environ), 0);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
}

static void by_system(int fd)
{
    char command[PATH_MAX + 16];
    snprintf(command, sizeof command, "%s %d", self, fd);
    CHECK_EQ(system(command), 0);
}

static void by_popen(int fd)
{
    char command[PATH_MAX + 16], line[16];
    snprintf(command, sizeof command, "%s %d", self, fd);
    FILE *f = popen(command, "r");
    CHECK(f && fgets(line, sizeof line, f));
    CHECK(!strcmp(line, "done\n"));
    CHECK_EQ(pclose(f), 0);
}

static void *receives(void *arg)
{
    int end[2];
    char byte = 'x';
    tcp_pair(end);
    /* Known to be blocking, and to be nobody else's. */
    send_all(end[0], &byte, 1);
    recv_all(end[1], &byte, 1);
    ((void (*)(int))arg)(end[1]);
    CHECK_ERRNO(recv(end[1], &byte, 1, 0), EAGAIN);
    close(end[0]);
    close(end[1]);
    return NULL;
}

int main(int argc, char **argv)
{
    SAFETY_NET();
    if (argc == 2) {
        int fd = atoi(argv[1]);
        CHECK_EQ(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
        puts("done");
        return 0;
    }
    CHECK(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    join(spawn(receives, by_spawn));
    OK("posix_spawn");
    fflush(stdout);
    join(spawn(receives, by_system));
    OK("system");
    join(spawn(receives, by_popen));
    OK("popen");
    return 0;
}
