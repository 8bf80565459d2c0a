/* Every form of waiting for a child, from a thread: what each returns, takes
 * and leaves. */
#include "thread.h"
#include <sys/resource.h>
#include <sys/syscall.h>

static pid_t child(int ms, int code)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        sleep_ms(ms);
        _exit(code);
    }
    return pid;
}

static void *all(void *arg)
{
    int status = -1;
    siginfo_t info;
    struct rusage usage;
    pid_t pid;

    errno = 77;
    pid = child(30, 1);
    CHECK_EQ(wait(&status), pid);
    CHECK_EQ(status, 1 << 8);
    pid = child(30, 2);
    CHECK_EQ(waitpid(0, &status, 0), pid);
    pid = child(30, 3);
    CHECK_EQ(wait3(&status, 0, NULL), pid);
    CHECK_EQ(status, 3 << 8);
    pid = child(30, 4);
    memset(&usage, 0, sizeof usage);
    CHECK_EQ(wait4(pid, &status, 0, &usage), pid);
    CHECK_EQ(status, 4 << 8);
    CHECK(usage.ru_maxrss > 0);
    CHECK_EQ(errno, 77);
    OK("wait, wait3, wait4");

    pid = child(30, 5);
    CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
    memset(&info, 0, sizeof info);
    CHECK_EQ(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
    CHECK_EQ(info.si_pid, pid);
    CHECK_EQ(info.si_code, CLD_EXITED);
    CHECK_EQ(info.si_status, 5);
    CHECK_EQ(info.si_signo, SIGCHLD);
    CHECK_EQ(waitid(P_PID, pid, NULL, WEXITED), 0);
    CHECK_ERRNO(waitid(P_PID, pid, &info, WEXITED), ECHILD);
    CHECK_ERRNO(waitid(P_PID, pid, &info, 0), EINVAL);
    CHECK_ERRNO(waitpid(pid, NULL, 0x10), EINVAL);
    CHECK_ERRNO(waitpid(getpid(), NULL, 0), ECHILD);
    OK("waitid, left and taken");

    pid = child(30, 6);
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    CHECK(fd >= 0);
    CHECK_EQ(waitid(P_PIDFD, fd, &info, WEXITED), 0);
    CHECK_EQ(info.si_pid, pid);
    CHECK_EQ(info.si_status, 6);
    close(fd);
    OK("waitid of a pidfd");

    pid = child(10000, 7);
    CHECK_EQ(kill(pid, SIGSTOP), 0);
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
    CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    CHECK_EQ(kill(pid, SIGCONT), 0);
    CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
    CHECK(WIFCONTINUED(status));
    CHECK_EQ(kill(pid, SIGTERM), 0);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, SIGTERM);
    OK("stopped, continued, killed");

    signal(SIGCHLD, SIG_IGN);
    pid = child(30, 8);
    CHECK_ERRNO(waitpid(pid, &status, 0), ECHILD);
    child(10, 9);
    child(60, 9);
    CHECK_ERRNO(wait(&status), ECHILD);
    signal(SIGCHLD, SIG_DFL);
    OK("with SIGCHLD ignored, ECHILD when they are gone");
    return arg;
}

int main(void)
{
    SAFETY_NET();
    join(spawn(all, NULL));
    must_have_parked("os", 4);
    return 0;
}
