/* Every call that waits, interrupted by a handler with SA_RESTART and by one without (signal(7)), in a thread: the call
 * fails with EINTR or goes on waiting. The signal comes while the call waits, in the kernel or parked. */
/* time: 60 */
#include "asleep.h"
#include "thread.h"
#include <mqueue.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/uio.h>
#include <sys/timerfd.h>

static int pipe_end[2], full[2], pair[2], timed[2], event, listening, timed_listener;
static sem_t sem;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static char buf[64];

static _Atomic int handled;
static void on_signal(int sig) { handled += sig == SIGUSR1; }

static int do_read(void) { return (int)read(pipe_end[0], buf, 1); }
static int do_readv(void)
{
    struct iovec v = {buf, 1};
    return (int)readv(pipe_end[0], &v, 1);
}
static int do_write(void) { return (int)write(full[1], buf, 1); }
static int do_recv(void) { return (int)recv(pair[0], buf, 1, 0); }
static int do_recvfrom(void) { return (int)recvfrom(pair[0], buf, 1, 0, NULL, NULL); }
static int do_recvmsg(void)
{
    struct iovec v = {buf, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    return (int)recvmsg(pair[0], &m, 0);
}
static int do_recv_timed(void) { return (int)recv(timed[0], buf, 1, 0); }
static int do_read_timed(void) { return (int)read(timed[0], buf, 1); }
static int do_accept(void) { return accept(listening, NULL, NULL); }
static int do_accept_timed(void) { return accept(timed_listener, NULL, NULL); }
static int do_eventfd(void) { return (int)read(event, buf, 8); }
static int do_poll(void)
{
    struct pollfd p = {pipe_end[0], POLLIN, 0};
    return poll(&p, 1, -1);
}
static int do_poll_time(void) { return poll(NULL, 0, 20000); }
static int do_ppoll(void)
{
    struct pollfd p = {pipe_end[0], POLLIN, 0};
    return ppoll(&p, 1, NULL, NULL);
}
static int do_select(void)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipe_end[0], &set);
    return select(pipe_end[0] + 1, &set, NULL, NULL, NULL);
}
static int do_pselect(void)
{
    fd_set set;
    FD_ZERO(&set);
    FD_SET(pipe_end[0], &set);
    return pselect(pipe_end[0] + 1, &set, NULL, NULL, NULL, NULL);
}
static int do_epoll(void)
{
    struct epoll_event ev;
    int ep = epoll_create1(0), result, saved;
    result = epoll_wait(ep, &ev, 1, -1);
    saved = errno;
    close(ep);
    errno = saved;
    return result;
}
static int do_sleep(void) { return sleep(20) ? (errno = EINTR, -1) : 0; }
static int do_usleep(void) { return usleep(20000000); }
static int do_nanosleep(void)
{
    struct timespec t = {20, 0}, left = {-1, 0};
    int result = nanosleep(&t, &left);
    CHECK(result == 0 || (left.tv_sec >= 0 && left.tv_sec < 20));
    return result;
}
static int do_clock_nanosleep(void)
{
    struct timespec t = {20, 0};
    errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
    return errno ? -1 : 0;
}
static int do_clock_nanosleep_abs(void)
{
    struct timespec t = in_ms(CLOCK_REALTIME, 20000);
    errno = clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL);
    return errno ? -1 : 0;
}
static int do_sem(void) { return sem_wait(&sem); }
static int do_sem_timed(void)
{
    struct timespec t = in_ms(CLOCK_REALTIME, 20000);
    return sem_timedwait(&sem, &t);
}
static int do_mutex(void)
{
    CHECK_EQ(pthread_mutex_lock(&lock), 0);
    pthread_mutex_unlock(&lock);
    return 1;
}
static int do_cond(void)
{
    static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&own);
    int error = pthread_cond_wait(&cond, &own);
    pthread_mutex_unlock(&own);
    CHECK_EQ(error, 0);
    return 1;
}
static int do_pause(void) { return pause(); }
static int do_sigsuspend(void)
{
    sigset_t none;
    sigemptyset(&none);
    return sigsuspend(&none);
}
static int do_sigwaitinfo(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 5);
    return sigwaitinfo(&set, NULL);
}
static int lock_file = -1;
static char lock_path[] = "/tmp/signal_eintr.XXXXXX";
static int do_flock(void)
{
    int fd = open(lock_path, O_RDWR), result = flock(fd, LOCK_EX), saved = errno;
    close(fd);
    errno = saved;
    return result == 0 ? 1 : -1;
}
static pid_t child;
static int do_waitpid(void) { return waitpid(child, NULL, 0) > 0 ? 1 : -1; }
static int queue, sems;
static int do_msgrcv(void)
{
    struct { long kind; char text[8]; } m;
    return (int)msgrcv(queue, &m, 8, 0, 0);
}
static int do_semop(void)
{
    struct sembuf op = {0, -1, 0};
    return semop(sems, &op, 1) == 0 ? 1 : -1;
}
static pthread_t joined;
static _Atomic int let_go;
static void *waits_to_go(void *arg)
{
    while (!let_go)
        sleep_ms(1);
    return arg;
}
static int do_join(void)
{
    CHECK_EQ(pthread_join(joined, NULL), 0);
    return 1;
}

static void end_by_byte(void) { CHECK_EQ(write(pipe_end[1], "x", 1), 1); }
static void end_by_room(void)
{
    char page[4096];
    CHECK(read(full[0], page, sizeof page) > 0);
}
static void end_by_send(void) { send_all(pair[1], "x", 1); }
static void end_by_timed(void) { send_all(timed[1], "x", 1); }
static void dial_to(int fd)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof addr;
    CHECK_EQ(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    close(dial(&addr));
}
static void end_by_dial(void) { dial_to(listening); }
static void end_by_dial_timed(void) { dial_to(timed_listener); }
static void end_by_event(void) { CHECK_EQ(eventfd_write(event, 1), 0); }
static void end_by_post(void) { CHECK_EQ(sem_post(&sem), 0); }
static void end_by_unlock(void) { pthread_mutex_unlock(&lock); }
static void end_by_cond(void) { pthread_cond_broadcast(&cond); }
static void end_by_flock(void) { flock(lock_file, LOCK_UN); }
static void end_by_child(void) { kill(child, SIGKILL); }
static void end_by_message(void)
{
    struct { long kind; char text[8]; } m = {1, "hi"};
    CHECK_EQ(msgsnd(queue, &m, 8, 0), 0);
}
static void end_by_semop(void)
{
    struct sembuf op = {0, 1, 0};
    CHECK_EQ(semop(sems, &op, 1), 0);
}
static void end_by_go(void) { let_go = 1; }
static void end_never(void) { CHECK(!"this call never restarts"); }
static void before_mutex(void) { pthread_mutex_lock(&lock); }
static void before_flock(void) { CHECK_EQ(flock(lock_file, LOCK_EX), 0); }
static void before_child(void)
{
    child = fork();
    if (child == 0)
        for (;;)
            pause();
    CHECK(child > 0);
}
static void after_child(void)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}
static void before_join(void)
{
    let_go = 0;
    joined = spawn(waits_to_go, NULL);
}

static const struct row {
    const char *name;
    int (*call)(void);
    void (*end)(void);
    void (*before)(void), (*after)(void);
    int eintr_plain, eintr_restart;
} rows[] = {
    {"read", do_read, end_by_byte, 0, 0, 1, 0},
    {"readv", do_readv, end_by_byte, 0, 0, 1, 0},
    {"write", do_write, end_by_room, 0, 0, 1, 0},
    {"recv", do_recv, end_by_send, 0, 0, 1, 0},
    {"recvfrom", do_recvfrom, end_by_send, 0, 0, 1, 0},
    {"recvmsg", do_recvmsg, end_by_send, 0, 0, 1, 0},
    {"recv, SO_RCVTIMEO", do_recv_timed, end_by_timed, 0, 0, 1, 1},
    {"read, SO_RCVTIMEO", do_read_timed, end_by_timed, 0, 0, 1, 1},
    {"accept", do_accept, end_by_dial, 0, 0, 1, 0},
    {"accept, SO_RCVTIMEO", do_accept_timed, end_by_dial_timed, 0, 0, 1, 1},
    {"read of an eventfd", do_eventfd, end_by_event, 0, 0, 1, 0},
    {"poll", do_poll, end_never, 0, 0, 1, 1},
    {"poll of nothing", do_poll_time, end_never, 0, 0, 1, 1},
    {"ppoll", do_ppoll, end_never, 0, 0, 1, 1},
    {"select", do_select, end_never, 0, 0, 1, 1},
    {"pselect", do_pselect, end_never, 0, 0, 1, 1},
    {"epoll_wait", do_epoll, end_never, 0, 0, 1, 1},
    {"sleep", do_sleep, end_never, 0, 0, 1, 1},
    {"usleep", do_usleep, end_never, 0, 0, 1, 1},
    {"nanosleep", do_nanosleep, end_never, 0, 0, 1, 1},
    {"clock_nanosleep", do_clock_nanosleep, end_never, 0, 0, 1, 1},
    {"clock_nanosleep, absolute", do_clock_nanosleep_abs, end_never, 0, 0, 1, 1},
    {"sem_wait", do_sem, end_by_post, 0, 0, 1, 0},
    {"sem_timedwait", do_sem_timed, end_never, 0, 0, 1, 1},
    {"pthread_mutex_lock", do_mutex, end_by_unlock, before_mutex, 0, 0, 0},
    {"pthread_cond_wait", do_cond, end_by_cond, 0, 0, 0, 0},
    {"pthread_join", do_join, end_by_go, before_join, 0, 0, 0},
    {"pause", do_pause, end_never, 0, 0, 1, 1},
    {"sigsuspend", do_sigsuspend, end_never, 0, 0, 1, 1},
    {"sigwaitinfo", do_sigwaitinfo, end_never, 0, 0, 1, 1},
    {"flock", do_flock, end_by_flock, before_flock, end_by_flock, 1, 0},
    {"waitpid", do_waitpid, end_by_child, before_child, after_child, 1, 0},
    {"msgrcv", do_msgrcv, end_by_message, 0, 0, 1, 1},
    {"semop", do_semop, end_by_semop, 0, 0, 1, 1},
};

static const struct row *row;
static _Atomic int entered, returned;
static int result, error;

static void *waiter(void *arg)
{
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &usr1, NULL), 0);
    entered = 1;
    result = row->call();
    error = errno;
    returned = 1;
    return arg;
}

static int happened(_Atomic int *what, int n, int ms)
{
    for (int64_t end = now_ms() + ms; now_ms() < end && *what < n;)
        sleep_ms(1);
    return *what >= n;
}

static void one(int flags, int eintr)
{
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = flags};
    CHECK_EQ(sigaction(SIGUSR1, &act, NULL), 0);
    entered = returned = handled = 0;
    if (row->before)
        row->before();
    pthread_t t = spawn(waiter, NULL);
    CHECK(happened(&entered, 1, 10000));
    sleep_ms(15);
    CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
    CHECK(happened(&handled, 1, 10000));
    if (eintr) {
        if (!happened(&returned, 1, 10000)) {
            dprintf(2, "%s: goes on waiting, want EINTR\n", row->name);
            _exit(1);
        }
        if (result != -1 || error != EINTR)
            dprintf(2, "%s: %d, errno %d, want EINTR\n", row->name, result, error);
        CHECK(result == -1 && error == EINTR);
    } else {
        if (happened(&returned, 1, 5)) {
            dprintf(2, "%s: %d, errno %d, must go on waiting\n", row->name, result, error);
            _exit(1);
        }
        row->end();
        CHECK(happened(&returned, 1, 10000));
        CHECK(result >= 0);
        if (row->call == do_accept)
            close(result);
    }
    join(t);
    if (row->after && eintr)
        row->after();
}

int main(void)
{
    struct sockaddr_in addr;
    struct timeval half_a_minute = {30, 0};
    char page[4096] = {0};
    alarm(55);
    CHECK_EQ(pipe(pipe_end), 0);
    CHECK_EQ(pipe(full), 0);
    CHECK_EQ(fcntl(full[1], F_SETFL, O_NONBLOCK), 0);
    while (write(full[1], page, sizeof page) > 0)
        ;
    CHECK_EQ(fcntl(full[1], F_SETFL, 0), 0);
    tcp_pair(pair);
    tcp_pair(timed);
    CHECK_EQ(setsockopt(timed[0], SOL_SOCKET, SO_RCVTIMEO, &half_a_minute, sizeof half_a_minute), 0);
    listening = listener(&addr);
    timed_listener = listener(&addr);
    CHECK_EQ(setsockopt(timed_listener, SOL_SOCKET, SO_RCVTIMEO, &half_a_minute, sizeof half_a_minute), 0);
    event = eventfd(0, 0);
    sem_init(&sem, 0, 0);
    CHECK((lock_file = mkstemp(lock_path)) >= 0);
    CHECK((queue = msgget(IPC_PRIVATE, 0600)) >= 0);
    CHECK((sems = semget(IPC_PRIVATE, 1, 0600)) >= 0);
    for (row = rows; row < rows + sizeof rows / sizeof *rows; row++) {
        one(0, row->eintr_plain);
        one(SA_RESTART, row->eintr_restart);
        if (row->end == end_by_room) /* full again */
            while (fcntl(full[1], F_SETFL, O_NONBLOCK), write(full[1], page, sizeof page) > 0)
                ;
        fcntl(full[1], F_SETFL, 0);
        OK("%s: %s, %s with SA_RESTART", row->name, row->eintr_plain ? "EINTR" : "goes on",
           row->eintr_restart ? "EINTR" : "goes on");
    }
    unlink(lock_path);
    msgctl(queue, IPC_RMID, NULL);
    semctl(sems, 0, IPC_RMID);
}
