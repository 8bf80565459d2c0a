/* exec from a thread: one that fails changes nothing; the new program finds the
 * descriptors blocking, no others, the default limit and the thread's mask. */
#include "thread.h"
#include <dirent.h>
#include <sys/resource.h>

static char self[PATH_MAX];
static rlim_t limit;

static void *breathes(void *arg)
{
    for (;;)
        sleep_ms(1);
    return arg;
}

static void *waits_for_child(void *arg)
{
    waitpid((pid_t)(intptr_t)arg, NULL, 0);
    return NULL;
}

static void *runs(void *arg)
{
    int end[2], status;
    char number[16], nofile[32];
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    char byte = 'x';
    send_all(end[0], &byte, 1);
    recv_all(end[1], &byte, 1);
    snprintf(number, sizeof number, "%d", end[1]);
    snprintf(nofile, sizeof nofile, "%ld", (long)limit);
    char *argv[] = {self, number, nofile, NULL};
    CHECK_ERRNO(execv("/nowhere", argv), ENOENT);

    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR2);
        pthread_sigmask(SIG_SETMASK, &set, NULL);
        CHECK_ERRNO(execv("/nowhere", argv), ENOENT);
        /* Again with threads of its own, one of them in a wait for a child. */
        pid_t child = fork();
        if (child == 0) {
            pause();
            _exit(0);
        }
        spawn(breathes, NULL);
        spawn(waits_for_child, (void *)(intptr_t)child);
        sleep_ms(20);
        kill(child, SIGKILL);
        execv(self, argv);
        _exit(99);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    return arg;
}

/* The new program. */
static int look(char **argv)
{
    int fd = atoi(argv[1]);
    struct rlimit now;
    sigset_t set;
    CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &now), 0);
    CHECK_EQ(now.rlim_cur, atol(argv[2]));
    CHECK_EQ(sigprocmask(SIG_SETMASK, NULL, &set), 0);
    for (int s = 1; s < 32; s++)
        CHECK_EQ(sigismember(&set, s), s == SIGUSR2);
    DIR *dir = opendir("/proc/self/fd");
    CHECK(dir);
    for (struct dirent *e; (e = readdir(dir));)
        CHECK(atoi(e->d_name) <= fd + 4);
    closedir(dir);
    join(spawn(waits_for_child, (void *)(intptr_t)getpid()));
    return 0;
}

int main(int argc, char **argv)
{
    SAFETY_NET();
    if (argc == 3)
        return look(argv);
    struct rlimit now;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &now), 0);
    limit = now.rlim_cur;
    CHECK(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    join(spawn(runs, NULL));
    OK("exec from a thread");
    return 0;
}
