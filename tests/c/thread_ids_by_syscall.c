/* What takes a thread id takes the caller's own, and another thread's, by libc's function and by syscall() alike; that of
 * a thread that has ended is nobody's. */
#include "thread.h"
#include <stdbool.h>
#include <sched.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { WHO_PROCESS = 1, THREAD_PIDFD = 0200 };
static atomic_int other, gone, handled;
static atomic_bool over;

static void on_signal(int sig)
{
    (void)sig;
    handled++;
}

static void settles(int want)
{
    for (int i = 0; handled != want && i < 5000; i++)
        sleep_ms(1);
    CHECK_EQ(handled, want);
}

static void signals(pid_t id)
{
    handled = 0;
    CHECK_EQ(syscall(SYS_tgkill, getpid(), id, SIGUSR1), 0);
    settles(1);
    CHECK_EQ(syscall(SYS_tkill, id, SIGUSR1), 0);
    settles(2);
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
    CHECK_EQ(syscall(SYS_rt_tgsigqueueinfo, getpid(), id, SIGUSR1, &info), 0);
    settles(3);
    info.si_code = SI_USER; /* which only the thread itself may say */
    bool own = id == gettid();
    CHECK_EQ(syscall(SYS_rt_tgsigqueueinfo, getpid(), id, SIGUSR1, &info), own ? 0 : -1);
    CHECK(own || errno == EPERM);
    settles(3 + own);
    CHECK_EQ(syscall(SYS_kill, id, 0), 0);
    CHECK_EQ(tgkill(getpid(), id, 0), 0);
}

static void scheduling(pid_t id)
{
    cpu_set_t set;
    struct sched_param param = {0};
    struct timespec interval;
    unsigned attr[14];
    CHECK(syscall(SYS_sched_getaffinity, id, sizeof set, &set) > 0);
    CHECK(CPU_COUNT(&set) > 0);
    CHECK_EQ(sched_getaffinity(id, sizeof set, &set), 0);
    CHECK_EQ(syscall(SYS_sched_getscheduler, id), SCHED_OTHER);
    CHECK_EQ(syscall(SYS_sched_getparam, id, &param), 0);
    CHECK_EQ(syscall(SYS_sched_getattr, id, attr, sizeof attr, 0), 0);
    CHECK_EQ(syscall(SYS_sched_rr_get_interval, id, &interval), 0);
    CHECK_EQ(syscall(SYS_getpriority, PRIO_PROCESS, id), 20);
    CHECK_EQ(getpriority(PRIO_PROCESS, id), 0);
    CHECK(syscall(SYS_ioprio_get, WHO_PROCESS, id) >= 0);
}

static void process(pid_t id)
{
    struct rlimit limit;
    char from[4] = "abc", to[4] = "";
    struct iovec a = {to, sizeof to}, b = {from, sizeof from};
    void *head;
    size_t size;
    struct { unsigned version; int tid; } header = {0x20080522, id};
    unsigned data[6];
    CHECK_EQ(getpgid(id), getpgid(0));
    CHECK_EQ(syscall(SYS_getsid, id), getsid(0));
    CHECK_EQ(prlimit(id, RLIMIT_NOFILE, NULL, &limit), 0);
    CHECK_EQ(syscall(SYS_prlimit64, id, RLIMIT_NOFILE, NULL, &limit), 0);
    CHECK_EQ(process_vm_readv(id, &a, 1, &b, 1, 0), sizeof to);
    CHECK(strcmp(to, "abc") == 0);
    CHECK_EQ(syscall(SYS_get_robust_list, id, &head, &size), 0);
    CHECK_EQ(size, 24);
    CHECK_EQ(syscall(SYS_capget, &header, data), 0);
    CHECK_EQ(syscall(SYS_kcmp, id, getpid(), 0, 0, 0) >= 0, 1);
    CHECK_EQ(syscall(SYS_move_pages, id, 0, NULL, NULL, NULL, 0), 0);
}

static void changes(pid_t id)
{
    cpu_set_t set;
    struct sched_param param = {0};
    CHECK_EQ(sched_getaffinity(0, sizeof set, &set), 0);
    CHECK_EQ(syscall(SYS_sched_setaffinity, id, sizeof set, &set), 0);
    CHECK_EQ(syscall(SYS_sched_setscheduler, id, SCHED_OTHER, &param), 0);
    CHECK_EQ(syscall(SYS_setpriority, PRIO_PROCESS, id, 1), 0);
    CHECK_EQ(getpriority(PRIO_PROCESS, id), 1);
    CHECK_EQ(syscall(SYS_ioprio_set, WHO_PROCESS, id, 3 << 13), 0);
    CHECK_EQ(syscall(SYS_ioprio_get, WHO_PROCESS, id) >> 13, 3);
}

static void timer(pid_t own)
{
    int timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    struct itimerspec soon = {.it_value = {.tv_nsec = 1000000}};
    event._sigev_un._tid = own;
    handled = 0;
    CHECK_EQ(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer), 0);
    CHECK_EQ(syscall(SYS_timer_settime, timer, 0, &soon, NULL), 0);
    settles(1);
    CHECK_EQ(syscall(SYS_timer_delete, timer), 0);
}

static void *waits(void *arg)
{
    other = gettid();
    while (!over)
        sleep_ms(1);
    return arg;
}

static void *ends(void *arg)
{
    gone = gettid();
    return arg;
}

static void *asks(void *arg)
{
    pid_t ids[] = {syscall(SYS_gettid), other};
    for (int i = 0; i < 2; i++) {
        signals(ids[i]);
        scheduling(ids[i]);
        process(ids[i]);
    }
    timer(ids[0]);
    changes(ids[0]);
    changes(ids[1]);
    cpu_set_t set;
    CHECK_ERRNO(syscall(SYS_tgkill, getpid(), gone, 0), ESRCH);
    CHECK_ERRNO(syscall(SYS_tkill, gone, 0), ESRCH);
    CHECK_ERRNO(syscall(SYS_sched_getaffinity, gone, sizeof set, &set), ESRCH);
    CHECK_ERRNO(syscall(SYS_getpriority, PRIO_PROCESS, gone), ESRCH);
    CHECK_ERRNO(syscall(SYS_ioprio_get, WHO_PROCESS, gone), ESRCH);
    CHECK_ERRNO(getpgid(gone), ESRCH);
    CHECK_ERRNO(syscall(SYS_kcmp, gone, getpid(), 0, 0, 0), ESRCH);
    return arg;
}

/* A thread's pidfd is readable when it has ended (Linux 6.9). */
static void watch(void)
{
    int fd = syscall(SYS_pidfd_open, other, THREAD_PIDFD);
    struct pollfd entry = {fd, POLLIN, 0};
    CHECK_EQ(pidfd_open(other, THREAD_PIDFD) >= 0, fd >= 0);
    if (fd >= 0)
        CHECK_EQ(poll(&entry, 1, 20), 0);
    over = true;
    if (fd >= 0)
        CHECK_EQ(poll(&entry, 1, 5000), 1);
}

int main(void)
{
    SAFETY_NET();
    signal(SIGUSR1, on_signal);
    join(spawn(ends, NULL));
    pthread_t t = spawn(waits, NULL);
    while (!other)
        sleep_ms(1);
    join(spawn(asks, NULL));
    OK("one's own id, another's, and nobody's");
    watch();
    OK("a thread's end");
    join(t);
    return 0;
}
