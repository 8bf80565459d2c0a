/* The kinds of descriptor that are no sockets, and what all kinds share. */
#include "kinds.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <mqueue.h>
#include <pty.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static char directory[] = "/tmp/matrix.XXXXXX";
static pid_t alive, ended;

int subject_keep(struct subject *s, int fd)
{
    if (fd >= 0)
        s->kept[s->n_kept++] = fd;
    return fd;
}

void subject_close(struct subject *s)
{
    for (int i = 0; i < s->n_kept; i++)
        close(s->kept[i]);
    if (s->peer >= 0)
        close(s->peer);
    if (s->fd >= 0 && !s->borrowed)
        close(s->fd);
}

void new_name(char *name, size_t size)
{
    static atomic_int next;
    snprintf(name, size, "n%d", atomic_fetch_add(&next, 1));
}

static pid_t child(void (*body)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        closefrom(0);
        body();
        _exit(3);
    }
    return pid;
}

static void sleep_for_ever(void)
{
    for (;;)
        pause();
}

static void end_at_once(void) {}

void kinds_begin(void)
{
    siginfo_t info;
    if (!mkdtemp(directory) || chdir(directory) != 0)
        give_up();
    alive = child(sleep_for_ever);
    ended = child(end_at_once);
    waitid(P_PID, (id_t)ended, &info, WEXITED | WNOWAIT);
    sockets_begin();
}

void kinds_end(void)
{
    kill(alive, SIGKILL);
    DIR *all = opendir(".");
    for (struct dirent *one; (one = readdir(all));)
        unlink(one->d_name);
    closedir(all);
    if (chdir("/") == 0)
        rmdir(directory);
}

/* --- events ------------------------------------------------------------- */

/* Never waits: main may be the one to do it. */
void give_data(struct subject *s)
{
    fcntl(s->peer, F_SETFL, fcntl(s->peer, F_GETFL) | O_NONBLOCK);
    if (write(s->peer, "hello\n", 6) != 6)
        return;
}

void close_peer(struct subject *s)
{
    close(s->peer);
    s->peer = -1;
}

void drain_peer(struct subject *s)
{
    char buffer[65536];
    fcntl(s->peer, F_SETFL, fcntl(s->peer, F_GETFL) | O_NONBLOCK);
    while (read(s->peer, buffer, sizeof buffer) > 0)
        ;
}

/* --- files -------------------------------------------------------------- */

static void file(struct subject *s, int flags)
{
    char name[16];
    new_name(name, sizeof name);
    int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (write(fd, "0123456789abcdef", 16) != 16)
        give_up();
    close(fd);
    s->fd = open(name, flags);
    unlink(name);
}

static void regular(struct subject *s) { file(s, O_RDWR); }
static void regular_read_only(struct subject *s) { file(s, O_RDONLY); }
static void regular_write_only(struct subject *s) { file(s, O_WRONLY); }
static void regular_append(struct subject *s) { file(s, O_RDWR | O_APPEND); }
static void opath_file(struct subject *s) { file(s, O_PATH); }
static void opath_directory(struct subject *s) { s->fd = open(".", O_PATH); }
static void a_directory(struct subject *s) { s->fd = open(".", O_DIRECTORY); }
static void memory(struct subject *s) { s->fd = memfd_create("m", MFD_ALLOW_SEALING); }
static void none(struct subject *s) { s->fd = -1; }
static void huge(struct subject *s) { s->fd = 0x7fffffff; }

static void closed(struct subject *s)
{
    s->fd = 19000; /* nobody opens so many */
    s->borrowed = true;
}

#define OPENED(name, path, flags)                                              \
    static void name(struct subject *s) { s->fd = open(path, flags); }
OPENED(dev_null, "/dev/null", O_RDWR)
OPENED(dev_zero, "/dev/zero", O_RDWR)
OPENED(dev_full, "/dev/full", O_RDWR)
OPENED(dev_random, "/dev/urandom", O_RDWR)
OPENED(dev_kmsg, "/dev/kmsg", O_RDONLY)
OPENED(proc_file, "/proc/self/limits", O_RDONLY)
OPENED(proc_mounts, "/proc/self/mountinfo", O_RDONLY)
OPENED(proc_pressure, "/proc/pressure/cpu", O_RDWR)
OPENED(sys_file, "/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY)
OPENED(namespace, "/proc/self/ns/uts", O_RDONLY)

/* --- pipes -------------------------------------------------------------- */

void fill(int fd)
{
    static const char bytes[4096];
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    while (write(fd, bytes, sizeof bytes) > 0)
        ;
    while (write(fd, bytes, 1) > 0)
        ;
    fcntl(fd, F_SETFL, flags);
}

static void a_pipe(struct subject *s, bool reading)
{
    int end[2] = {-1, -1};
    if (pipe(end) != 0)
        give_up();
    s->fd = end[!reading];
    s->peer = end[reading];
}

static void pipe_read(struct subject *s) { a_pipe(s, true); }
static void pipe_write(struct subject *s) { a_pipe(s, false); }

static void pipe_read_data(struct subject *s)
{
    a_pipe(s, true);
    give_data(s);
}

static void pipe_read_end(struct subject *s)
{
    a_pipe(s, true);
    close_peer(s);
}

static void pipe_write_full(struct subject *s)
{
    a_pipe(s, false);
    fill(s->fd);
}

static void pipe_write_broken(struct subject *s)
{
    a_pipe(s, false);
    close_peer(s);
}

static void fifo(struct subject *s, int flags)
{
    char name[16];
    new_name(name, sizeof name);
    mkfifo(name, 0600);
    s->peer = open(name, O_RDWR);
    s->fd = open(name, flags);
    unlink(name);
}

static void fifo_read(struct subject *s) { fifo(s, O_RDONLY); }
static void fifo_write(struct subject *s) { fifo(s, O_WRONLY); }
static void fifo_both(struct subject *s) { fifo(s, O_RDWR); }

/* --- terminals ---------------------------------------------------------- */

static void terminal(struct subject *s, bool master)
{
    int m = -1, t = -1;
    if (openpty(&m, &t, NULL, NULL, NULL) != 0) {
        s->fd = UNAVAILABLE;
        return;
    }
    s->fd = master ? m : t;
    s->peer = master ? t : m;
}

static void raw(struct subject *s, int min, int tenths)
{
    struct termios t;
    terminal(s, false);
    tcgetattr(s->fd, &t);
    cfmakeraw(&t);
    t.c_cc[VMIN] = (cc_t)min;
    t.c_cc[VTIME] = (cc_t)tenths;
    tcsetattr(s->fd, TCSANOW, &t);
}

static void pty_master(struct subject *s) { terminal(s, true); }
static void pty_canonical(struct subject *s) { terminal(s, false); }
static void pty_raw(struct subject *s) { raw(s, 1, 0); }
static void pty_raw_min0(struct subject *s) { raw(s, 0, 0); }
static void pty_raw_time(struct subject *s) { raw(s, 0, 1); }
static void pty_raw_min5(struct subject *s) { raw(s, 5, 0); }
static void pty_raw_min5_time(struct subject *s) { raw(s, 5, 1); }

/* The line discipline takes what the other end wrote from a work queue. */
static void until_readable(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};
    poll(&p, 1, 1000);
}

static void pty_canonical_line(struct subject *s)
{
    terminal(s, false);
    give_data(s);
    until_readable(s->fd);
}

static void pty_raw_data(struct subject *s)
{
    raw(s, 1, 0);
    give_data(s);
    until_readable(s->fd);
}

static void pty_master_data(struct subject *s)
{
    terminal(s, true);
    give_data(s);
    until_readable(s->fd);
}

static void pty_hung_up(struct subject *s)
{
    terminal(s, false);
    close_peer(s);
}

static void pty_master_left(struct subject *s)
{
    terminal(s, true);
    close_peer(s);
}

/* --- events, timers, signals --------------------------------------------- */

static void counter(struct subject *s, unsigned start, uint64_t more, int flags)
{
    s->fd = eventfd(start, flags);
    if (more && write(s->fd, &more, sizeof more) != sizeof more)
        give_up();
}

static void event_zero(struct subject *s) { counter(s, 0, 0, 0); }
static void event_set(struct subject *s) { counter(s, 7, 0, 0); }
static void event_semaphore(struct subject *s) { counter(s, 2, 0, EFD_SEMAPHORE); }
static void event_max(struct subject *s) { counter(s, 0, UINT64_MAX - 1, 0); }

static void add_to_event(struct subject *s)
{
    uint64_t one = 0x6161616161;
    if (write(s->fd, &one, sizeof one) != sizeof one)
        return;
}

static void take_event(struct subject *s)
{
    uint64_t value;
    if (read(s->fd, &value, sizeof value) != sizeof value)
        return;
}

static void arm(struct subject *s)
{
    struct itimerspec in = {.it_value.tv_nsec = 1};
    timerfd_settime(s->fd, 0, &in, NULL);
}

static void timer_unarmed(struct subject *s) { s->fd = timerfd_create(CLOCK_MONOTONIC, 0); }

static void timer_expired(struct subject *s)
{
    timer_unarmed(s);
    arm(s);
    until_readable(s->fd);
}

static void of_signals(struct subject *s)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    s->fd = signalfd(-1, &set, 0);
}

static void of_pending_signal(struct subject *s)
{
    of_signals(s);
    raise(SIGUSR2);
}

static void epoll_empty(struct subject *s) { s->fd = epoll_create1(0); }

static void epoll_watching(struct subject *s, unsigned count)
{
    epoll_empty(s);
    s->peer = eventfd(count, 0);
    struct epoll_event e = {.events = EPOLLIN, .data.u64 = 42};
    epoll_ctl(s->fd, EPOLL_CTL_ADD, s->peer, &e);
}

static void epoll_idle(struct subject *s) { epoll_watching(s, 0); }
static void epoll_ready(struct subject *s) { epoll_watching(s, 1); }

static void epoll_event_comes(struct subject *s)
{
    if (s->peer >= 0)
        eventfd_write(s->peer, 1);
}

/* --- what the kernel watches ---------------------------------------------- */

/* A watched file of its own; its other end is what it is changed by. */
static void inotify_idle(struct subject *s)
{
    char name[16];
    new_name(name, sizeof name);
    s->peer = open(name, O_RDWR | O_CREAT, 0600);
    s->fd = inotify_init1(0);
    if (s->fd < 0)
        s->fd = UNAVAILABLE;
    else
        inotify_add_watch(s->fd, name, IN_ATTRIB);
}

static void change(struct subject *s) { fchmod(s->peer, 0600); }

static void inotify_event_kept(struct subject *s)
{
    inotify_idle(s);
    change(s);
}

static void of_fanotify(struct subject *s)
{
    s->fd = fanotify_init(FAN_CLASS_NOTIF, O_RDONLY);
    if (s->fd < 0)
        s->fd = UNAVAILABLE;
}

static void process_alive(struct subject *s) { s->fd = (int)syscall(SYS_pidfd_open, alive, 0); }
static void process_ended(struct subject *s) { s->fd = (int)syscall(SYS_pidfd_open, ended, 0); }

static void perf(struct subject *s, int kind, int what)
{
    struct perf_event_attr a = {.type = (unsigned)kind, .size = sizeof a, .config = (unsigned)what, .disabled = 1};
    s->fd = (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
    if (s->fd < 0)
        s->fd = UNAVAILABLE;
}

static void perf_disabled(struct subject *s) { perf(s, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY); }

static void user_fault(struct subject *s)
{
    struct uffdio_api api = {.api = UFFD_API};
    s->fd = (int)syscall(SYS_userfaultfd, 0);
    if (s->fd < 0 || ioctl(s->fd, UFFDIO_API, &api) != 0)
        s->fd = UNAVAILABLE;
}

static void queue(struct subject *s, int messages)
{
    char name[32] = "/matrix.";
    size_t used = strlen(name);
    snprintf(name + used, sizeof name - used, "%d.", getpid());
    used = strlen(name);
    new_name(name + used, sizeof name - used);
    struct mq_attr limits = {.mq_maxmsg = 1, .mq_msgsize = 256};
    s->fd = mq_open(name, O_RDWR | O_CREAT, 0600, &limits);
    if (s->fd < 0)
        s->fd = UNAVAILABLE;
    mq_unlink(name);
    if (messages)
        mq_send(s->fd, "hello\n", 6, 3);
}

static void queue_empty(struct subject *s) { queue(s, 0); }
static void queue_full(struct subject *s) { queue(s, 1); }
static void queue_gets(struct subject *s) { mq_send(s->fd, "hello\n", 6, 3); }

static void queue_loses(struct subject *s)
{
    char text[256];
    mq_receive(s->fd, text, sizeof text, NULL);
}

const struct kind file_kinds[] = {
    {"regular", regular, NULL, false},
    {"regular_read_only", regular_read_only, NULL, false},
    {"regular_write_only", regular_write_only, NULL, false},
    {"regular_append", regular_append, NULL, false},
    {"opath_file", opath_file, NULL, false},
    {"opath_directory", opath_directory, NULL, false},
    {"directory", a_directory, NULL, false},
    {"memfd", memory, NULL, false},
    {"negative", none, NULL, false},
    {"huge", huge, NULL, false},
    {"closed", closed, NULL, false},
    {"dev_null", dev_null, NULL, false},
    {"dev_zero", dev_zero, NULL, false},
    {"dev_full", dev_full, NULL, false},
    {"dev_random", dev_random, NULL, true},
    {"dev_kmsg", dev_kmsg, NULL, true},
    {"proc_file", proc_file, NULL, true},
    {"proc_mounts", proc_mounts, NULL, true},
    {"proc_pressure", proc_pressure, NULL, true},
    {"sys_file", sys_file, NULL, false},
    {"namespace", namespace, NULL, false},
    {"pipe_read", pipe_read, give_data, false},
    {"pipe_read_data", pipe_read_data, NULL, false},
    {"pipe_read_end", pipe_read_end, NULL, false},
    {"pipe_write", pipe_write, drain_peer, false},
    {"pipe_write_full", pipe_write_full, drain_peer, false},
    {"pipe_write_broken", pipe_write_broken, NULL, false},
    {"fifo_read", fifo_read, give_data, false},
    {"fifo_write", fifo_write, drain_peer, false},
    {"fifo_both", fifo_both, give_data, false},
    {"pty_master", pty_master, give_data, false},
    {"pty_master_data", pty_master_data, give_data, false},
    {"pty_master_left", pty_master_left, NULL, false},
    {"pty_canonical", pty_canonical, give_data, false},
    {"pty_canonical_line", pty_canonical_line, give_data, false},
    {"pty_raw", pty_raw, give_data, false},
    {"pty_raw_data", pty_raw_data, give_data, false},
    {"pty_raw_min0", pty_raw_min0, give_data, false},
    {"pty_raw_time", pty_raw_time, give_data, false},
    {"pty_raw_min5", pty_raw_min5, give_data, false},
    {"pty_raw_min5_time", pty_raw_min5_time, give_data, false},
    {"pty_hung_up", pty_hung_up, NULL, false},
    {"eventfd_zero", event_zero, add_to_event, false},
    {"eventfd_set", event_set, add_to_event, false},
    {"eventfd_semaphore", event_semaphore, add_to_event, false},
    {"eventfd_max", event_max, take_event, false},
    {"timerfd_unarmed", timer_unarmed, arm, false},
    {"timerfd_expired", timer_expired, arm, false},
    {"signalfd", of_signals, NULL, true},
    {"signalfd_pending", of_pending_signal, NULL, true},
    {"epoll_empty", epoll_empty, NULL, false},
    {"epoll_idle", epoll_idle, epoll_event_comes, false},
    {"epoll_ready", epoll_ready, NULL, false},
    {"inotify_idle", inotify_idle, change, false},
    {"inotify_event", inotify_event_kept, NULL, false},
    {"fanotify", of_fanotify, NULL, false},
    {"pidfd_alive", process_alive, NULL, false},
    {"pidfd_ended", process_ended, NULL, false},
    {"perf_disabled", perf_disabled, NULL, true},
    {"userfaultfd", user_fault, NULL, false},
    {"mq_empty", queue_empty, queue_gets, false},
    {"mq_full", queue_full, queue_loses, false},
};
const size_t n_file_kinds = sizeof file_kinds / sizeof *file_kinds;

size_t n_kinds(void) { return n_file_kinds + n_socket_kinds; }

const struct kind *kind_at(size_t i)
{
    return i < n_file_kinds ? &file_kinds[i] : &socket_kinds[i - n_file_kinds];
}
