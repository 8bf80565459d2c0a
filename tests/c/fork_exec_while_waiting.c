/* exec by a thread while others wait: the new program starts in the same
 * process with the caller's descriptors, blocking as they were; the others are
 * gone. Must not change: pid, exit status, and close-on-exec. */
#include "asleep.h"

static int end[2], p[2];
static struct gate gate;

static void *waits(void *arg)
{
    char c;
    enter(&gate);
    if (arg)
        recv(end[0], &c, 1, 0);
    else
        (void)!read(p[0], &c, 1);
    CHECK(!"a thread has survived exec");
    return NULL;
}

static void *execs(void *arg)
{
    char fd[3][16];
    snprintf(fd[0], 16, "%d", end[0]);
    snprintf(fd[1], 16, "%d", p[0]);
    snprintf(fd[2], 16, "%d", getpid());
    execl("/proc/self/exe", arg, fd[0], fd[1], fd[2], NULL);
    return NULL;
}

static void *reads(void *arg)
{
    char c;
    CHECK_EQ(recv(*(int *)arg, &c, 1, 0), 1);
    return NULL;
}

static int image(int sock, int pipe_end, int pid)
{
    alarm(10);
    CHECK_EQ(getpid(), pid);
    CHECK_EQ(fcntl(sock, F_GETFL), O_RDWR);
    CHECK_ERRNO(fcntl(pipe_end, F_GETFD), EBADF);
    CHECK_EQ(write(sock, "r", 1), 1);
    join(spawn(reads, &sock));
    return 42;
}

int main(int argc, char **argv)
{
    int status;
    char c;
    alarm(20);
    if (argc == 4)
        return image(atoi(argv[1]), atoi(argv[2]), atoi(argv[3]));
    closefrom(3);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    CHECK_EQ(pipe2(p, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(10);
        close(end[1]);
        gate_open(&gate, "socket");
        for (intptr_t i = 0; i < 6; i++)
            spawn(waits, (void *)(i % 2));
        while (gate.n < 6)
            sleep_ms(1);
        sleep_ms(5);
        join(spawn(execs, argv[0]));
        _exit(127);
    }
    close(end[0]);
    CHECK_EQ(recv(end[1], &c, 1, 0), 1);
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(WEXITSTATUS(status), 42);
    OK("a thread's exec replaces the program and its waiting threads");
}
