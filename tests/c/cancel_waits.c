/* Cancellation of a thread while it waits in a call: which calls end, and that those which are no cancellation points
 * wait on, and do their work. The cleanup handler has run once, by the thread itself. */
/* libs: -lrt */
#include "cancel.h"
#include <mqueue.h>
#include <pty.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <termios.h>
#include <threads.h>

static char buf[1 << 16], name[64], fifo[64], mqname[64];
static struct iovec iov = {buf, 1}, iov_big = {buf, sizeof buf};
static struct timespec minute = {60, 0};
static struct timespec later, later_mono;
static int tcp[2], flooded[2], udp[2], full[2], pipes[2], full_pipe[2], efd, full_efd, timer, ep, file, file2, pty[2], l, unix_l, queue,
    full_queue, sems, start[2];
static mqd_t mq, full_mq;
static struct sockaddr_in addr;
static struct sockaddr_un unix_addr;
static sem_t sem;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, held = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_barrier_t barrier;
static mtx_t mtx;
static cnd_t cnd;
static sigset_t usr1;
static FILE *in, *out;
static pthread_t other;
static pid_t child, locker;
static atomic_int stop;

static void *waits_for_stop(void *arg)
{
    while (!stop)
        usleep(1000);
    return arg;
}
static int other_c11(void *arg)
{
    waits_for_stop(arg);
    return 0;
}
static thrd_t other_thrd;

static pid_t child_that_sleeps(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGALRM, SIG_DFL);
        alarm(30);
        for (;;)
            pause();
    }
    return pid;
}

static int is_full(int fd) { return poll(&(struct pollfd){fd, POLLOUT, 0}, 1, 0) == 0; }

static void set_up(void)
{
    sprintf(name, "/tmp/cancel_waits.%d", getpid());
    sprintf(fifo, "/tmp/cancel_waits.%d.fifo", getpid());
    sprintf(mqname, "/cancel_waits.%d", getpid());
    l = listener(&addr);
    tcp_pair(tcp);
    tcp_pair(flooded);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, udp), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, full), 0);
    while (send(full[0], buf, sizeof buf, MSG_DONTWAIT) > 0)
        ;
    CHECK_EQ(pipe(pipes), 0);
    CHECK_EQ(pipe(start), 0);
    CHECK_EQ(pipe(full_pipe), 0);
    while (!is_full(full_pipe[1]))
        CHECK(write(full_pipe[1], buf, 4096) > 0);
    CHECK((efd = eventfd(0, 0)) >= 0);
    CHECK((full_efd = eventfd(0, 0)) >= 0);
    CHECK_EQ(eventfd_write(full_efd, UINT64_MAX - 1), 0);
    CHECK((timer = timerfd_create(CLOCK_MONOTONIC, 0)) >= 0);
    CHECK((ep = epoll_create1(0)) >= 0);
    epoll_ctl(ep, EPOLL_CTL_ADD, efd, &(struct epoll_event){.events = EPOLLIN});
    CHECK((file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600)) >= 0);
    CHECK((file2 = open(name, O_RDWR)) >= 0);
    CHECK_EQ(write(file, buf, sizeof buf), sizeof buf);
    CHECK_EQ(flock(file2, LOCK_EX), 0);
    CHECK_EQ(mkfifo(fifo, 0600), 0);
    CHECK_EQ(openpty(&pty[0], &pty[1], NULL, NULL, NULL), 0);
    CHECK((queue = msgget(IPC_PRIVATE, 0600)) >= 0);
    CHECK((full_queue = msgget(IPC_PRIVATE, 0600)) >= 0);
    while (msgsnd(full_queue, &(long[200]){1}, 1024, IPC_NOWAIT) == 0)
        ;
    CHECK((sems = semget(IPC_PRIVATE, 1, 0600)) >= 0);
    struct mq_attr attr = {.mq_maxmsg = 1, .mq_msgsize = 8};
    CHECK((mq = mq_open(mqname, O_RDWR | O_CREAT | O_EXCL, 0600, &attr)) >= 0);
    mq_unlink(mqname);
    CHECK((full_mq = mq_open(mqname, O_RDWR | O_CREAT | O_EXCL, 0600, &attr)) >= 0);
    mq_unlink(mqname);
    mq_send(full_mq, "x", 1, 0);
    sem_init(&sem, 0, 0);
    pthread_spin_init(&spin, 0);
    pthread_barrier_init(&barrier, NULL, 2);
    mtx_init(&mtx, mtx_plain);
    cnd_init(&cnd);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    in = fdopen(dup(tcp[0]), "r");
    out = fdopen(dup(full_pipe[1]), "w");
    /* A listener whose queue is full. */
    CHECK((unix_l = socket(AF_UNIX, SOCK_STREAM, 0)) >= 0);
    unix_addr.sun_family = AF_UNIX;
    snprintf(unix_addr.sun_path + 1, 64, "cancel_waits.%d", getpid());
    CHECK_EQ(bind(unix_l, (struct sockaddr *)&unix_addr, sizeof unix_addr), 0);
    CHECK_EQ(listen(unix_l, 0), 0);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ(connect(s, (struct sockaddr *)&unix_addr, sizeof unix_addr), 0);
    child = child_that_sleeps();
    /* Another process has a lock on the whole file. */
    if ((locker = fork()) == 0) {
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        signal(SIGALRM, SIG_DFL);
        alarm(30);
        CHECK_EQ(fcntl(file, F_SETLK, &lock), 0);
        CHECK_EQ(write(start[1], "x", 1), 1);
        for (;;)
            pause();
    }
    CHECK_EQ(read(start[0], buf, 1), 1);
    lseek(file, 0, SEEK_SET);
}

/* A listener's queue that is full: the SYN goes unanswered. */
static int full_listener(struct sockaddr_in *a)
{
    int fd = listener(a);
    listen(fd, 0);
    for (int i = 0; i < 3; i++) {
        int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(s, (struct sockaddr *)a, sizeof *a);
    }
    usleep(10000);
    return fd;
}

static fd_set *set_of(int fd)
{
    static fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    return &set;
}

static void unlock(void *m)
{
    CHECK_EQ(pthread_mutex_unlock(m), 0);
}
static void unlock_mtx(void *m) { mtx_unlock(m); }
#define locked(call)                                                                                                   \
    ({                                                                                                                 \
        pthread_mutex_lock(&mutex);                                                                                    \
        pthread_cleanup_push(unlock, &mutex);                                                                          \
        call;                                                                                                          \
        pthread_cleanup_pop(1);                                                                                        \
    })
#define mtx_locked(call)                                                                                               \
    ({                                                                                                                 \
        mtx_lock(&mtx);                                                                                                \
        pthread_cleanup_push(unlock_mtx, &mtx);                                                                        \
        call;                                                                                                          \
        pthread_cleanup_pop(1);                                                                                        \
    })
#define blocked(call)                                                                                                  \
    ({                                                                                                                 \
        pthread_sigmask(SIG_BLOCK, &usr1, NULL);                                                                       \
        call;                                                                                                          \
    })

static void connect_tcp(void)
{
    struct sockaddr_in a;
    full_listener(&a);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    connect(s, (struct sockaddr *)&a, sizeof a);
}
static void connect_unix(void)
{
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    connect(s, (struct sockaddr *)&unix_addr, sizeof unix_addr);
}
static void send_until_full(void)
{
    while (send(flooded[1], buf, sizeof buf, 0) > 0)
        ;
}
static void sendfile_until_full(void)
{
    sendfile(full[0], file, &(off_t){0}, 100);
}
static void sem_shared_wait(void)
{
    static sem_t *shared;
    char path[64];
    sprintf(path, "/cancel_waits.%d", getpid());
    shared = sem_open(path, O_CREAT, 0600, 0);
    sem_unlink(path);
    sem_wait(shared);
}
static pthread_once_t slow_once = PTHREAD_ONCE_INIT;
static void slow_init(void) { sem_wait(&sem); }

static void release_mutex(void) { pthread_mutex_unlock(&held); }
static void release_rwlock(void) { pthread_rwlock_unlock(&rwlock); }
static void release_spin(void) { pthread_spin_unlock(&spin); }
static void release_barrier(void) { pthread_barrier_wait(&barrier); }
static void release_flock(void) { flock(file2, LOCK_UN); }
static void release_sem(void) { semop(sems, &(struct sembuf){0, 1, 0}, 1); }
static void release_full(void)
{
    while (recv(full[1], buf, sizeof buf, MSG_DONTWAIT) > 0)
        ;
}
static void release_mtx(void) { mtx_unlock(&mtx); }

#define CALLS                                                                                                          \
    X(accept, accept(l, NULL, NULL), 0)                                                                                \
    X(accept4, accept4(l, NULL, NULL, 0), 0)                                                                           \
    X(connect_tcp, connect_tcp(), 0)                                                                                   \
    X(connect_unix, connect_unix(), 0)                                                                                 \
    X(recv, recv(tcp[0], buf, 1, 0), 0)                                                                                \
    X(recv_waitall, recv(tcp[0], buf, 10, MSG_WAITALL), 0)                                                             \
    X(recvfrom, recvfrom(udp[0], buf, 1, 0, (struct sockaddr *)&(struct sockaddr_un){0}, &(socklen_t){4}), 0)          \
    X(recvmsg, recvmsg(tcp[0], &(struct msghdr){.msg_iov = &iov, .msg_iovlen = 1}, 0), 0)                              \
    X(recvmmsg, recvmmsg(udp[0], &(struct mmsghdr){.msg_hdr.msg_iov = &iov, .msg_hdr.msg_iovlen = 1}, 1, 0, NULL), 0)  \
    X(send, send(full[0], buf, 100, 0), 0)                                                                             \
    X(send_tcp, send_until_full(), 0)                                                                                  \
    X(sendto, sendto(full[0], buf, 100, 0, NULL, 0), 0)                                                                \
    X(sendmsg, sendmsg(full[0], &(struct msghdr){.msg_iov = &iov, .msg_iovlen = 1}, 0), 0)                             \
    X(sendmmsg, sendmmsg(full[0], &(struct mmsghdr){.msg_hdr.msg_iov = &iov, .msg_hdr.msg_iovlen = 1}, 1, 0), 0)       \
    X(read_socket, read(tcp[0], buf, 1), 0)                                                                            \
    X(read_pipe, read(pipes[0], buf, 1), 0)                                                                            \
    X(read_eventfd, read(efd, buf, 8), 0)                                                                              \
    X(read_timerfd, read(timer, buf, 8), 0)                                                                            \
    X(read_terminal, read(pty[1], buf, 1), 0)                                                                          \
    X(readv_socket, readv(tcp[0], &iov, 1), 0)                                                                         \
    X(readv_pipe, readv(pipes[0], &iov, 1), 0)                                                                         \
    X(preadv2_here, preadv2(pipes[0], &iov, 1, -1, 0), 0)                                                              \
    X(write_socket, write(full[0], buf, 1), 0)                                                                         \
    X(write_pipe, write(full_pipe[1], buf, 1), 0)                                                                      \
    X(write_pipe_big, write(full_pipe[1], buf, sizeof buf), 0)                                                         \
    X(write_eventfd, eventfd_write(full_efd, 1), 0)                                                                    \
    X(writev_socket, writev(full[0], &iov, 1), 0)                                                                      \
    X(writev_pipe, writev(full_pipe[1], &iov_big, 1), 0)                                                               \
    X(splice, splice(pipes[0], NULL, full_pipe[1], NULL, 1, 0), 0)                                                     \
    X(tee, tee(pipes[0], full_pipe[1], 1, 0), 0)                                                                       \
    X(vmsplice, vmsplice(full_pipe[1], &iov, 1, 0), 0)                                                                 \
    X(sendfile, sendfile_until_full(), release_full)                                                                   \
    X(fcntl_setlkw, fcntl(file, F_SETLKW, &(struct flock){.l_type = F_WRLCK}), 0)                                      \
    X(fcntl_ofd_setlkw, fcntl(file, F_OFD_SETLKW, &(struct flock){.l_type = F_WRLCK}), 0)                              \
    X(lockf, lockf(file, F_LOCK, 1), 0)                                                                                \
    X(flock, flock(file, LOCK_EX), release_flock)                                                                      \
    X(open_fifo, open(fifo, O_RDONLY), 0)                                                                              \
    X(openat_fifo, openat(AT_FDCWD, fifo, O_WRONLY), 0)                                                                \
    X(creat_fifo, creat(fifo, 0600), 0)                                                                                \
    X(mq_receive, mq_receive(mq, buf, 8, NULL), 0)                                                                     \
    X(mq_timedreceive, mq_timedreceive(mq, buf, 8, NULL, &later), 0)                                                   \
    X(mq_send, mq_send(full_mq, buf, 1, 0), 0)                                                                         \
    X(mq_timedsend, mq_timedsend(full_mq, buf, 1, 0, &later), 0)                                                       \
    X(msgrcv, msgrcv(queue, buf, 8, 0, 0), 0)                                                                          \
    X(msgsnd, msgsnd(full_queue, &(long[200]){1}, 1024, 0), 0)                                                         \
    X(semop, semop(sems, &(struct sembuf){0, -1, 0}, 1), release_sem)                                                  \
    X(semtimedop, semtimedop(sems, &(struct sembuf){0, -1, 0}, 1, &minute), release_sem)                               \
    X(clock_nanosleep, clock_nanosleep(CLOCK_MONOTONIC, 0, &minute, NULL), 0)                                          \
    X(clock_nanosleep_until, clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &later, NULL), 0)                          \
    X(clock_nanosleep_cpu, clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &minute, NULL), 0)                             \
    X(nanosleep, nanosleep(&minute, NULL), 0)                                                                          \
    X(sleep, sleep(60), 0)                                                                                             \
    X(usleep, usleep(60000000), 0)                                                                                     \
    X(thrd_sleep, thrd_sleep(&minute, NULL), 0)                                                                        \
    X(poll, poll(&(struct pollfd){efd, POLLIN, 0}, 1, -1), 0)                                                          \
    X(poll_none, poll(NULL, 0, 60000), 0)                                                                              \
    X(ppoll, ppoll(&(struct pollfd){efd, POLLIN, 0}, 1, &minute, NULL), 0)                                             \
    X(ppoll_masked, ppoll(&(struct pollfd){efd, POLLIN, 0}, 1, NULL, &usr1), 0)                                        \
    X(select, select(efd + 1, set_of(efd), NULL, NULL, NULL), 0)                                                       \
    X(select_none, select(0, NULL, NULL, NULL, &(struct timeval){60, 0}), 0)                                           \
    X(pselect, pselect(efd + 1, set_of(efd), NULL, NULL, &minute, &usr1), 0)                                           \
    X(epoll_wait, epoll_wait(ep, &(struct epoll_event){0}, 1, -1), 0)                                                  \
    X(epoll_pwait, epoll_pwait(ep, &(struct epoll_event){0}, 1, 60000, &usr1), 0)                                      \
    X(epoll_pwait2, epoll_pwait2(ep, &(struct epoll_event){0}, 1, &minute, NULL), 0)                                   \
    X(join, pthread_join(other, NULL), 0)                                                                              \
    X(timedjoin, pthread_timedjoin_np(other, NULL, &later), 0)                                                         \
    X(clockjoin, pthread_clockjoin_np(other, NULL, CLOCK_MONOTONIC, &later_mono), 0)                                   \
    X(thrd_join, thrd_join(other_thrd, NULL), 0)                                                                       \
    X(cond_wait, locked(pthread_cond_wait(&cond, &mutex)), 0)                                                          \
    X(cond_timedwait, locked(pthread_cond_timedwait(&cond, &mutex, &later)), 0)                                        \
    X(cond_clockwait, locked(pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &later_mono)), 0)                  \
    X(cnd_wait, mtx_locked(cnd_wait(&cnd, &mtx)), 0)                                                                   \
    X(cnd_timedwait, mtx_locked(cnd_timedwait(&cnd, &mtx, &later)), 0)                                                 \
    X(sem_wait, sem_wait(&sem), 0)                                                                                     \
    X(sem_timedwait, sem_timedwait(&sem, &later), 0)                                                                   \
    X(sem_clockwait, sem_clockwait(&sem, CLOCK_MONOTONIC, &later_mono), 0)                                             \
    X(sem_shared, sem_shared_wait(), 0)                                                                                \
    X(sigwait, blocked(sigwait(&usr1, &(int){0})), 0)                                                                  \
    X(sigwaitinfo, blocked(sigwaitinfo(&usr1, NULL)), 0)                                                               \
    X(sigtimedwait, blocked(sigtimedwait(&usr1, NULL, &minute)), 0)                                                    \
    X(sigsuspend, sigsuspend(&usr1), 0)                                                                                \
    X(pause, pause(), 0)                                                                                               \
    X(sigpause, sigpause(SIGUSR1), 0)                                                                                  \
    X(wait, wait(NULL), 0)                                                                                             \
    X(waitpid, waitpid(child, NULL, 0), 0)                                                                             \
    X(wait3, wait3(NULL, 0, NULL), 0)                                                                                  \
    X(wait4, wait4(child, NULL, 0, NULL), 0)                                                                           \
    X(waitid, waitid(P_PID, child, &(siginfo_t){0}, WEXITED), 0)                                                       \
    X(system, system("exec sleep 20"), 0)                                                                              \
    X(fgets, fgets(buf, sizeof buf, in), 0)                                                                            \
    X(fgetc, fgetc(in), 0)                                                                                             \
    X(fread, fread(buf, 1, 10, in), 0)                                                                                 \
    X(fwrite, (fwrite(buf, 1, sizeof buf, out), fflush(out)), 0)                                                       \
    X(once_slow, pthread_once(&slow_once, slow_init), 0)                                                               \
    X(mutex_lock, (pthread_mutex_lock(&held)), release_mutex)                                                          \
    X(mutex_timedlock, (pthread_mutex_timedlock(&held, &later)), release_mutex)                                        \
    X(mtx_lock, mtx_lock(&mtx), release_mtx)                                                                           \
    X(rwlock_rdlock, pthread_rwlock_rdlock(&rwlock), release_rwlock)                                                   \
    X(rwlock_wrlock, pthread_rwlock_wrlock(&rwlock), release_rwlock)                                                   \
    X(rwlock_timedwrlock, pthread_rwlock_timedwrlock(&rwlock, &later), release_rwlock)                                 \
    X(spin_lock, pthread_spin_lock(&spin), release_spin)                                                               \
    X(barrier, pthread_barrier_wait(&barrier), release_barrier)

static atomic_int cleaned, inside;
static pthread_t cleaner;

static void note(void *arg)
{
    (void)arg;
    cleaned++;
    cleaner = pthread_self();
}

#pragma GCC diagnostic ignored "-Wunused-value"
#pragma GCC diagnostic ignored "-Wunused-result"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#define X(name, call, release)                                                                                         \
    static void *do_##name(void *arg)                                                                                  \
    {                                                                                                                  \
        pthread_cleanup_push(note, NULL);                                                                              \
        inside = 1;                                                                                                    \
        call;                                                                                                          \
        pthread_cleanup_pop(0);                                                                                        \
        return arg;                                                                                                    \
    }
CALLS
#undef X

static struct {
    const char *name;
    void *(*call)(void *);
    void (*release)(void);
} calls[] = {
#define X(name, call, release) {#name, do_##name, release},
    CALLS
#undef X
};

/* Held by main, released by main. */
static void hold(const char *what)
{
    if (!strncmp(what, "mutex", 5))
        pthread_mutex_lock(&held);
    if (!strncmp(what, "rwlock", 6))
        pthread_rwlock_wrlock(&rwlock);
    if (!strncmp(what, "spin", 4))
        pthread_spin_lock(&spin);
    if (!strcmp(what, "mtx_lock"))
        mtx_lock(&mtx);
}

static void let_go(const char *what)
{
    /* Made by a thread that has ended: nobody looks who. */
    if (!strncmp(what, "mutex", 5)) {
        pthread_mutex_init(&held, NULL);
    } else if (!strncmp(what, "rwlock", 6)) {
        pthread_rwlock_init(&rwlock, NULL);
    } else if (!strncmp(what, "spin", 4)) {
        pthread_spin_init(&spin, 0);
    } else if (!strcmp(what, "mtx_lock")) {
        mtx_init(&mtx, mtx_plain);
    }
}

static int open_descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) != -1;
    return n;
}

int main(void)
{
    cancel_net();
    set_up();
    other = spawn(waits_for_stop, NULL);
    thrd_create(&other_thrd, other_c11, NULL);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        cancel_at(calls[i].name);
        later = in_ms(CLOCK_REALTIME, 60000);
        later_mono = in_ms(CLOCK_MONOTONIC, 60000);
        cleaned = inside = 0;
        hold(calls[i].name);
        int before = open_descriptors();
        pthread_t t = spawn(calls[i].call, NULL);
        while (!inside)
            usleep(100);
        usleep(15000);
        CHECK_EQ(pthread_cancel(t), 0);
        if (calls[i].release) {
            usleep(15000);
            CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
            CHECK_EQ(cleaned, 0);
            calls[i].release();
        }
        void *result = join(t);
        printf("%s: %s\n", calls[i].name, result == PTHREAD_CANCELED ? "acts" : "does not");
        fflush(stdout);
        CHECK_EQ(cleaned, result == PTHREAD_CANCELED);
        CHECK(!cleaned || pthread_equal(cleaner, t));
        if (strncmp(calls[i].name, "connect", 7) && strcmp(calls[i].name, "sem_shared"))
            CHECK_EQ(open_descriptors(), before);
        let_go(calls[i].name);
        CHECK_EQ(pthread_mutex_trylock(&mutex), 0);
        pthread_mutex_unlock(&mutex);
        if (!strcmp(calls[i].name, "fwrite"))
            out = NULL; /* what is left in it could never be written */
    }
    /* Those whose join was cancelled are joined by another. */
    stop = 1;
    join(other);
    CHECK_EQ(thrd_join(other_thrd, NULL), thrd_success);
    int value;
    sem_getvalue(&sem, &value);
    CHECK_EQ(value, 0);
    kill(child, SIGKILL);
    kill(locker, SIGKILL);
    CHECK_EQ(waitpid(child, NULL, 0), child);
    CHECK_EQ(waitpid(locker, NULL, 0), locker);
    msgctl(queue, IPC_RMID, NULL);
    msgctl(full_queue, IPC_RMID, NULL);
    semctl(sems, 0, IPC_RMID);
    unlink(name);
    unlink(fifo);
    fflush(stdout);
    _exit(0);
}
