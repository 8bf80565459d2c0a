/* Reads of a signalfd and of an inotify descriptor wait for a signal and for a
 * file's event. Must not change: what they report, and EAGAIN when they were
 * made non-blocking. */
#include "asleep.h"
#include <sys/inotify.h>
#include <sys/signalfd.h>

static int fd;
static struct gate gate;

static void *signals(void *arg)
{
    struct signalfd_siginfo info;
    enter(&gate);
    CHECK_EQ(read(fd, &info, sizeof info), sizeof info);
    CHECK_EQ(info.ssi_signo, SIGUSR1);
    CHECK_EQ(info.ssi_pid, getpid());
    return arg;
}

static void *files(void *arg)
{
    union {
        struct inotify_event event;
        char bytes[1024];
    } got;
    enter(&gate);
    CHECK(read(fd, &got, sizeof got) > 0);
    CHECK_EQ(got.event.mask, IN_CREATE);
    CHECK(strcmp(got.event.name, "made") == 0);
    return arg;
}

int main(void)
{
    sigset_t set;
    struct signalfd_siginfo info;
    char dir[] = "/tmp/rw_other.XXXXXX", path[64];
    alarm(20);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
    fd = signalfd(-1, &set, SFD_NONBLOCK);
    CHECK_ERRNO(read(fd, &info, sizeof info), EAGAIN);
    close(fd);
    fd = signalfd(-1, &set, 0);
    gate_open(&gate, "rw");
    pthread_t t = spawn(signals, NULL);
    until_asleep(&gate, 1);
    kill(getpid(), SIGUSR1);
    join(t);
    OK("signalfd");

    CHECK(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/made", dir);
    fd = inotify_init1(0);
    CHECK(inotify_add_watch(fd, dir, IN_CREATE) >= 0);
    gate_open(&gate, "rw");
    t = spawn(files, NULL);
    until_asleep(&gate, 1);
    close(open(path, O_WRONLY | O_CREAT, 0600));
    join(t);
    unlink(path);
    rmdir(dir);
    OK("inotify");
}
