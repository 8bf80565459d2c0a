/* A pipe and a socket on which a thread waits are handed to a child that exec
 * starts: the child sees them blocking (a shell's read waits, F_GETFL has no
 * O_NONBLOCK). Must not change: the parent's own wait, which goes on. */
#include "asleep.h"

static int to_child[2], from_child[2], shared[2];
static struct gate gate;

static void *waits(void *arg)
{
    char buf[16];
    enter(&gate);
    CHECK_EQ(read(shared[0], buf, sizeof buf), 5);
    CHECK(memcmp(buf, "child", 5) == 0);
    return arg;
}

static void *child_output(void *arg)
{
    char buf[64] = "";
    size_t n = 0;
    enter(&gate);
    for (ssize_t k; (k = read(from_child[0], buf + n, sizeof buf - 1 - n)) > 0;)
        n += (size_t)k;
    CHECK(strcmp(buf, "got: late line\n") == 0);
    return arg;
}

/* What the exec'd copy of this program does with descriptors 0, 1 and 3. */
static int inspect(void)
{
    for (int fd = 0; fd < 2; fd++)
        CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    CHECK_EQ(fcntl(3, F_GETFL), O_RDWR);
    CHECK_EQ(write(3, "child", 5), 5);
    execl("/bin/sh", "sh", "-c", "read line; echo got: $line", NULL);
    return 127;
}

int main(int argc, char **argv)
{
    int status;
    alarm(20);
    if (argc > 1 && argv[1][0] == 'i')
        return inspect();
    CHECK_EQ(pipe(to_child), 0);
    CHECK_EQ(pipe(from_child), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, shared), 0);
    gate_open(&gate, "rw");
    pthread_t a = spawn(waits, NULL), b = spawn(child_output, NULL);
    until_asleep(&gate, 2);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(to_child[0], 0), dup2(from_child[1], 1), dup2(shared[1], 3);
        close_range(4, ~0u, 0);
        execl("/proc/self/exe", argv[0], "inspect", NULL);
        _exit(127);
    }
    close(from_child[1]);
    join(a);
    OK("the child saw blocking descriptors, and woke the waiting thread");
    sleep_ms(20);
    CHECK_EQ(write(to_child[1], "late line\n", 10), 10);
    join(b);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    must_have_parked("rw", 2);
    OK("a shell's read waited for its line");
}
