/* Which calls act on a cancellation that is pending when they begin, though they would not have to wait: glibc's own
 * choice, of those POSIX names and of those it leaves open. */
/* libs: -lrt */
#include "cancel.h"
#include <aio.h>
#include <dirent.h>
#include <mqueue.h>
#include <netdb.h>
#include <pty.h>
#include <semaphore.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/random.h>
#include <sys/sem.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <termios.h>
#include <threads.h>
#include <unistd.h>

static char buf[64];
static struct iovec iov = {buf, 1};
static struct timespec none, past = {1, 0};
static int tcp[2], unix_pair[2], pipes[2], efd, ep, file, pty[2], l, queue, sems, closable;
static mqd_t mq;
static struct sockaddr_in addr;
static char name[64], mqname[64];
static sem_t sem;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_barrier_t barrier;
static pthread_once_t once_control = PTHREAD_ONCE_INIT;
static mtx_t mtx;
static cnd_t cnd;
static once_flag once_c11 = ONCE_FLAG_INIT;
static pthread_t other;
static thrd_t other_c11;
static void *memory;
static sigset_t usr1;
static FILE *stream, *null_stream;
static struct pollfd pfd;
static pid_t child;

static void nothing(void) {}
static void *ends(void *arg) { return arg; }
static int ends_c11(void *arg) { return arg != NULL; }

static void set_up(void)
{
    sprintf(name, "/tmp/cancel_points.%d", getpid());
    sprintf(mqname, "/cancel_points.%d", getpid());
    l = listener(&addr);
    tcp_pair(tcp);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, unix_pair), 0);
    CHECK_EQ(pipe(pipes), 0);
    CHECK((efd = eventfd(0, 0)) >= 0);
    CHECK((ep = epoll_create1(0)) >= 0);
    CHECK((file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600)) >= 0);
    CHECK_EQ(ftruncate(file, 8192), 0);
    CHECK_EQ(openpty(&pty[0], &pty[1], NULL, NULL, NULL), 0);
    CHECK((queue = msgget(IPC_PRIVATE, 0600)) >= 0);
    CHECK((sems = semget(IPC_PRIVATE, 1, 0600)) >= 0);
    CHECK((mq = mq_open(mqname, O_RDWR | O_CREAT | O_EXCL, 0600, &(struct mq_attr){.mq_maxmsg = 4, .mq_msgsize = 8})) >= 0);
    mq_unlink(mqname);
    sem_init(&sem, 0, 100);
    pthread_spin_init(&spin, 0);
    pthread_barrier_init(&barrier, NULL, 1);
    mtx_init(&mtx, mtx_plain);
    cnd_init(&cnd);
    CHECK((memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)) != MAP_FAILED);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    CHECK((null_stream = fopen("/dev/null", "w")) != NULL);
}

/* Everything ready, so that no call has to wait. */
static void refresh(void)
{
    struct epoll_event e = {.events = EPOLLIN, .data.fd = efd};
    char c = 'x', drop[256];
    while (recv(tcp[0], drop, sizeof drop, MSG_DONTWAIT) > 0)
        ;
    while (recv(unix_pair[0], drop, sizeof drop, MSG_DONTWAIT) > 0)
        ;
    send_all(tcp[1], "x\n", 2);
    CHECK_EQ(send(unix_pair[1], &c, 1, 0), 1);
    struct pollfd p = {pipes[0], POLLIN, 0};
    if (poll(&p, 1, 0) == 0)
        CHECK_EQ(write(pipes[1], &c, 1), 1);
    eventfd_write(efd, 1);
    epoll_ctl(ep, EPOLL_CTL_ADD, efd, &e);
    pfd = (struct pollfd){efd, POLLIN, 0};
    lseek(file, 0, SEEK_SET);
    struct {
        long type;
        char text;
    } message = {1, 'x'};
    msgsnd(queue, &message, 1, IPC_NOWAIT);
    struct mq_attr attr;
    mq_getattr(mq, &attr);
    for (; attr.mq_curmsgs > 2; attr.mq_curmsgs--)
        mq_receive(mq, drop, 8, NULL);
    if (attr.mq_curmsgs == 0)
        mq_send(mq, "x", 1, 0);
    closable = dup(efd);
    CHECK((stream = fdopen(dup(tcp[0]), "r")) != NULL);
}

static void after(void)
{
    fclose(stream);
    if (fcntl(closable, F_GETFD) != -1)
        close(closable);
    funlockfile(null_stream);
}

static fd_set *set_of(int fd)
{
    static fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    return &set;
}

static void connection(void)
{
    int s = dial(&addr);
    close(s);
}

#define CALLS                                                                                                          \
    X(testcancel, pthread_testcancel())                                                                                \
    X(accept_refused, accept(efd, NULL, NULL))                                                                         \
    X(accept, accept(l, NULL, NULL))                                                                                   \
    X(accept4, accept4(l, NULL, NULL, 0))                                                                              \
    X(connect, connect(tcp[0], (struct sockaddr *)&addr, sizeof addr))                                                 \
    X(recv, recv(tcp[0], buf, 1, 0))                                                                                   \
    X(recv_dontwait, recv(tcp[0], buf, 1, MSG_DONTWAIT))                                                               \
    X(recv_peek, recv(tcp[0], buf, 1, MSG_PEEK))                                                                       \
    X(recv_waitall, recv(tcp[0], buf, 1, MSG_WAITALL))                                                                 \
    X(recv_bad, recv(-1, buf, 1, 0))                                                                                   \
    X(recvfrom, recvfrom(unix_pair[0], buf, 1, 0, NULL, NULL))                                                         \
    X(recvmsg, recvmsg(tcp[0], &(struct msghdr){.msg_iov = &iov, .msg_iovlen = 1}, 0))                                 \
    X(recvmmsg, recvmmsg(tcp[0], &(struct mmsghdr){.msg_hdr.msg_iov = &iov, .msg_hdr.msg_iovlen = 1}, 1, 0, NULL))     \
    X(recvmmsg_none, recvmmsg(tcp[0], NULL, 0, 0, NULL))                                                               \
    X(send, send(tcp[0], buf, 1, 0))                                                                                   \
    X(send_dontwait, send(tcp[0], buf, 1, MSG_DONTWAIT))                                                               \
    X(send_nothing, send(tcp[0], buf, 0, 0))                                                                           \
    X(sendto, sendto(unix_pair[0], buf, 1, 0, NULL, 0))                                                                \
    X(sendmsg, sendmsg(tcp[0], &(struct msghdr){.msg_iov = &iov, .msg_iovlen = 1}, 0))                                 \
    X(sendmmsg, sendmmsg(tcp[0], &(struct mmsghdr){.msg_hdr.msg_iov = &iov, .msg_hdr.msg_iovlen = 1}, 1, 0))           \
    X(sendmmsg_none, sendmmsg(tcp[0], NULL, 0, 0))                                                                     \
    X(sendfile, sendfile(tcp[0], file, NULL, 1))                                                                       \
    X(splice, splice(pipes[0], NULL, tcp[0], NULL, 1, 0))                                                              \
    X(splice_nonblock, splice(pipes[0], NULL, tcp[0], NULL, 1, SPLICE_F_NONBLOCK))                                     \
    X(tee_same, tee(pipes[0], pipes[1], 1, 0))                                                                         \
    X(vmsplice, vmsplice(pipes[1], &iov, 1, 0))                                                                        \
    X(copy_file_range, copy_file_range(file, NULL, file, &(off_t){4096}, 1, 0))                                        \
    X(socket, close_it(socket(AF_INET, SOCK_STREAM, 0)))                                                               \
    X(listen, listen(l, 4096))                                                                                         \
    X(shutdown, shutdown(efd, SHUT_WR))                                                                                \
    X(setsockopt, setsockopt(efd, SOL_SOCKET, SO_REUSEADDR, buf, 4))                                                   \
    X(read_socket, read(tcp[0], buf, 1))                                                                               \
    X(read_pipe, read(pipes[0], buf, 1))                                                                               \
    X(read_file, read(file, buf, 1))                                                                                   \
    X(read_bad, read(-1, buf, 1))                                                                                      \
    X(read_nothing, read(file, buf, 0))                                                                                \
    X(readv_socket, readv(tcp[0], &iov, 1))                                                                            \
    X(readv_pipe, readv(pipes[0], &iov, 1))                                                                            \
    X(readv_none, readv(pipes[0], &iov, 0))                                                                            \
    X(pread, pread(file, buf, 1, 0))                                                                                   \
    X(preadv, preadv(file, &iov, 1, 0))                                                                                \
    X(preadv2, preadv2(file, &iov, 1, 0, 0))                                                                           \
    X(preadv2_here, preadv2(file, &iov, 1, -1, 0))                                                                     \
    X(preadv2_nowait, preadv2(pipes[0], &iov, 1, -1, RWF_NOWAIT))                                                      \
    X(write_socket, write(tcp[0], buf, 1))                                                                             \
    X(write_pipe, write(pipes[1], buf, 1))                                                                             \
    X(write_file, write(file, buf, 1))                                                                                 \
    X(write_nothing, write(pipes[1], buf, 0))                                                                          \
    X(writev_socket, writev(tcp[0], &iov, 1))                                                                          \
    X(writev_pipe, writev(pipes[1], &iov, 1))                                                                          \
    X(pwrite, pwrite(file, buf, 1, 0))                                                                                 \
    X(pwritev, pwritev(file, &iov, 1, 0))                                                                              \
    X(pwritev2, pwritev2(file, &iov, 1, 0, 0))                                                                         \
    X(pwritev2_here, pwritev2(file, &iov, 1, -1, 0))                                                                   \
    X(eventfd_read, eventfd_read(efd, &(eventfd_t){0}))                                                                \
    X(eventfd_write, eventfd_write(efd, 1))                                                                            \
    X(close, close(closable))                                                                                          \
    X(close_bad, close(-1))                                                                                            \
    X(close_range, close_range(closable, closable, 0))                                                                 \
    X(dup, close_it(dup(efd)))                                                                                         \
    X(dup2, dup2(efd, closable))                                                                                       \
    X(dup3, dup3(efd, closable, 0))                                                                                    \
    X(pipe, close_both())                                                                                              \
    X(fcntl_getfl, fcntl(efd, F_GETFL))                                                                                \
    X(fcntl_setfl, fcntl(efd, F_SETFL, 0))                                                                             \
    X(fcntl_setlk, fcntl(file, F_SETLK, &(struct flock){.l_type = F_WRLCK}))                                           \
    X(fcntl_setlkw, fcntl(file, F_SETLKW, &(struct flock){.l_type = F_WRLCK}))                                         \
    X(fcntl_ofd_setlkw, fcntl(file, F_OFD_SETLKW, &(struct flock){.l_type = F_WRLCK}))                                 \
    X(ioctl, isatty(pty[0]))                                                                                           \
    X(lockf, lockf(file, F_LOCK, 1))                                                                                   \
    X(lockf_try, lockf(file, F_TLOCK, 1))                                                                              \
    X(lockf_unlock, lockf(file, F_ULOCK, 1))                                                                           \
    X(lockf_test, lockf(file, F_TEST, 1))                                                                              \
    X(flock, flock(file, LOCK_EX))                                                                                     \
    X(flock_unlock, flock(file, LOCK_UN))                                                                              \
    X(fsync, fsync(file))                                                                                              \
    X(fdatasync, fdatasync(file))                                                                                      \
    X(sync_file_range, sync_file_range(file, 0, 1, SYNC_FILE_RANGE_WRITE))                                             \
    X(fallocate, fallocate(file, 0, 0, 1))                                                                             \
    X(posix_fallocate, posix_fallocate(file, 0, 1))                                                                    \
    X(msync, msync(memory, 4096, MS_SYNC))                                                                             \
    X(msync_async, msync(memory, 4096, MS_ASYNC))                                                                      \
    X(tcdrain, tcdrain(pty[1]))                                                                                        \
    X(tcdrain_bad, tcdrain(-1))                                                                                        \
    X(open, close_it(open("/dev/null", O_RDWR)))                                                                       \
    X(open_missing, open("/nowhere", O_RDWR))                                                                          \
    X(openat, close_it(openat(AT_FDCWD, "/dev/null", O_RDWR)))                                                         \
    X(creat, close_it(creat("/dev/null", 0600)))                                                                       \
    X(stat, stat("/dev/null", &(struct stat){0}))                                                                      \
    X(ftruncate, ftruncate(file, 8192))                                                                                \
    X(opendir, closedir(opendir("/")))                                                                                 \
    X(mq_receive, mq_receive(mq, buf, 8, NULL))                                                                        \
    X(mq_timedreceive, mq_timedreceive(mq, buf, 8, NULL, &past))                                                       \
    X(mq_send, mq_send(mq, buf, 1, 0))                                                                                 \
    X(mq_timedsend, mq_timedsend(mq, buf, 1, 0, &past))                                                                \
    X(msgrcv, msgrcv(queue, buf, 8, 0, 0))                                                                             \
    X(msgrcv_nowait, msgrcv(queue, buf, 8, 0, IPC_NOWAIT))                                                             \
    X(msgsnd, msgsnd(queue, &(long[]){1, 1}, 1, 0))                                                                    \
    X(msgsnd_nowait, msgsnd(queue, &(long[]){1, 1}, 1, IPC_NOWAIT))                                                    \
    X(semop, semop(sems, &(struct sembuf){0, 1, 0}, 1))                                                                \
    X(semtimedop, semtimedop(sems, &(struct sembuf){0, 1, 0}, 1, &none))                                               \
    X(clock_nanosleep, clock_nanosleep(CLOCK_MONOTONIC, 0, &none, NULL))                                               \
    X(clock_nanosleep_past, clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, NULL))                              \
    X(clock_nanosleep_bad, clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){-1, 0}, NULL))                       \
    X(clock_nanosleep_clock, clock_nanosleep(1234, 0, &none, NULL))                                                    \
    X(clock_nanosleep_thread, clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &none, NULL))                                \
    X(nanosleep, nanosleep(&none, NULL))                                                                               \
    X(sleep, sleep(0))                                                                                                 \
    X(usleep, usleep(0))                                                                                               \
    X(thrd_sleep, thrd_sleep(&none, NULL))                                                                             \
    X(poll, poll(&pfd, 1, 0))                                                                                          \
    X(poll_waits, poll(&pfd, 1, 1000))                                                                                 \
    X(poll_none, poll(NULL, 0, 0))                                                                                     \
    X(ppoll, ppoll(&pfd, 1, &none, NULL))                                                                              \
    X(ppoll_waits, ppoll(&pfd, 1, NULL, NULL))                                                                         \
    X(ppoll_masked, ppoll(&pfd, 1, NULL, &usr1))                                                                       \
    X(ppoll_bad, ppoll(&pfd, 1, &(struct timespec){-1, 0}, NULL))                                                      \
    X(select, select(efd + 1, set_of(efd), NULL, NULL, &(struct timeval){0, 0}))                                       \
    X(select_waits, select(efd + 1, set_of(efd), NULL, NULL, NULL))                                                    \
    X(select_bad, select(efd + 1, set_of(efd), NULL, NULL, &(struct timeval){-1, 0}))                                  \
    X(pselect, pselect(efd + 1, set_of(efd), NULL, NULL, &none, NULL))                                                 \
    X(pselect_waits, pselect(efd + 1, set_of(efd), NULL, NULL, NULL, &usr1))                                           \
    X(epoll_wait, epoll_wait(ep, &(struct epoll_event){0}, 1, 0))                                                      \
    X(epoll_wait_waits, epoll_wait(ep, &(struct epoll_event){0}, 1, -1))                                               \
    X(epoll_wait_bad, epoll_wait(-1, &(struct epoll_event){0}, 1, -1))                                                 \
    X(epoll_pwait, epoll_pwait(ep, &(struct epoll_event){0}, 1, -1, &usr1))                                            \
    X(epoll_pwait2, epoll_pwait2(ep, &(struct epoll_event){0}, 1, NULL, NULL))                                         \
    X(epoll_create, close_it(epoll_create1(0)))                                                                        \
    X(join_ended, pthread_join(other, NULL))                                                                           \
    X(tryjoin, pthread_tryjoin_np(other, NULL))                                                                        \
    X(timedjoin, pthread_timedjoin_np(other, NULL, &past))                                                             \
    X(clockjoin, pthread_clockjoin_np(other, NULL, CLOCK_MONOTONIC, &past))                                            \
    X(thrd_join, thrd_join(other_c11, NULL))                                                                           \
    X(detach, pthread_detach(pthread_self()))                                                                          \
    X(setcancelstate, pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL))                                             \
    X(setcanceltype_async, pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL))                                   \
    X(setcanceltype_deferred, pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, NULL))                                    \
    X(setcanceltype_bad, pthread_setcanceltype(7, NULL))                                                               \
    X(disabled, (pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL), pthread_testcancel(), usleep(0)))               \
    X(cancel_again, pthread_cancel(pthread_self()))                                                                    \
    X(mutex_lock, (pthread_mutex_lock(&mutex), pthread_mutex_unlock(&mutex)))                                          \
    X(mutex_trylock, (pthread_mutex_trylock(&mutex), pthread_mutex_unlock(&mutex)))                                    \
    X(mutex_timedlock, (pthread_mutex_timedlock(&mutex, &past), pthread_mutex_unlock(&mutex)))                         \
    X(mtx_lock, (mtx_lock(&mtx), mtx_unlock(&mtx)))                                                                    \
    X(rwlock_rdlock, (pthread_rwlock_rdlock(&rwlock), pthread_rwlock_unlock(&rwlock)))                                 \
    X(rwlock_wrlock, (pthread_rwlock_wrlock(&rwlock), pthread_rwlock_unlock(&rwlock)))                                 \
    X(rwlock_timedwrlock, (pthread_rwlock_timedwrlock(&rwlock, &past), pthread_rwlock_unlock(&rwlock)))                \
    X(spin_lock, (pthread_spin_lock(&spin), pthread_spin_unlock(&spin)))                                               \
    X(barrier, pthread_barrier_wait(&barrier))                                                                         \
    X(once, pthread_once(&once_control, nothing))                                                                      \
    X(once_again, pthread_once(&once_control, nothing))                                                                \
    X(call_once, call_once(&once_c11, nothing))                                                                        \
    X(cond_signal, pthread_cond_signal(&cond))                                                                         \
    X(cond_broadcast, pthread_cond_broadcast(&cond))                                                                   \
    X(cond_timedwait_past, locked(pthread_cond_timedwait(&cond, &mutex, &past)))                                       \
    X(cond_timedwait_bad, locked(pthread_cond_timedwait(&cond, &mutex, &(struct timespec){0, -1})))                    \
    X(cond_clockwait_past, locked(pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &past)))                      \
    X(cond_wait, locked(pthread_cond_wait(&cond, &mutex)))                                                             \
    X(sem_wait, sem_wait(&sem))                                                                                        \
    X(sem_timedwait, sem_timedwait(&sem, &past))                                                                       \
    X(sem_timedwait_bad, sem_timedwait(&sem, &(struct timespec){0, -1}))                                               \
    X(sem_clockwait, sem_clockwait(&sem, CLOCK_MONOTONIC, &past))                                                      \
    X(sem_trywait, sem_trywait(&sem))                                                                                  \
    X(sem_post, sem_post(&sem))                                                                                        \
    X(sched_yield, sched_yield())                                                                                      \
    X(sigwait, with_usr1(sigwait(&usr1, &(int){0})))                                                                   \
    X(sigwaitinfo, with_usr1(sigwaitinfo(&usr1, NULL)))                                                                \
    X(sigtimedwait, with_usr1(sigtimedwait(&usr1, NULL, &none)))                                                       \
    X(sigtimedwait_bad, sigtimedwait(&usr1, NULL, &(struct timespec){-1, 0}))                                          \
    X(sigsuspend, sigsuspend(&(sigset_t){0}))                                                                          \
    X(pause, pause())                                                                                                  \
    X(sigpause, sigpause(SIGUSR1))                                                                                     \
    X(sigprocmask, pthread_sigmask(SIG_BLOCK, &(sigset_t){0}, NULL))                                                   \
    X(sigpending, sigpending(&(sigset_t){0}))                                                                          \
    X(kill, kill(getpid(), 0))                                                                                         \
    X(pthread_kill, pthread_kill(pthread_self(), 0))                                                                   \
    X(raise_ignored, raise(SIGURG))                                                                                    \
    X(waitpid, waitpid(child, NULL, 0))                                                                                \
    X(waitpid_none, waitpid(1, NULL, WNOHANG))                                                                         \
    X(wait, wait(NULL))                                                                                                \
    X(wait3, wait3(NULL, WNOHANG, NULL))                                                                               \
    X(wait4, wait4(-1, NULL, WNOHANG, NULL))                                                                           \
    X(waitid, waitid(P_ALL, 0, &(siginfo_t){0}, WEXITED | WNOHANG))                                                    \
    X(system, system("true"))                                                                                          \
    X(system_none, system(NULL))                                                                                       \
    X(spawn, spawned())                                                                                                \
    X(fork, forked())                                                                                                  \
    X(fgets, fgets(buf, sizeof buf, stream))                                                                           \
    X(fgetc, fgetc(stream))                                                                                            \
    X(fputs_buffered, fputs("x", null_stream))                                                                         \
    X(fflush, fflush(null_stream))                                                                                     \
    X(fflush_full, (fputs("x", null_stream), fflush(null_stream)))                                                     \
    X(fprintf, fprintf(null_stream, "%d", 7))                                                                          \
    X(fopen, close_stream(fopen("/dev/null", "r")))                                                                    \
    X(fclose, close_stream(dup_stream()))                                                                              \
    X(popen, popened())                                                                                                \
    X(getaddrinfo, lookup("127.0.0.1"))                                                                                \
    X(getrandom, getrandom(buf, 1, 0))                                                                                 \
    X(aio_suspend, aio_suspend(NULL, 0, &none))                                                                        \
    X(aio_suspend_none, aio_suspend((const struct aiocb *const[]){NULL}, 1, &none))                                    \
    X(gai_suspend, gai_suspend((const struct gaicb *const[]){NULL}, 1, &none))                                         \
    X(malloc, free(malloc(100)))                                                                                       \
    X(getpid, getpid())

static void close_it(int fd)
{
    syscall(SYS_close, fd); /* not close(), which is a point itself */
}
static void close_both(void)
{
    int p[2];
    CHECK_EQ(pipe(p), 0);
    close_it(p[0]);
    close_it(p[1]);
}
static void unlock(void *m) { pthread_mutex_unlock(m); }
#define locked(call)                                                                                                   \
    ({                                                                                                                 \
        pthread_mutex_lock(&mutex);                                                                                    \
        pthread_cleanup_push(unlock, &mutex);                                                                          \
        call;                                                                                                          \
        pthread_cleanup_pop(1);                                                                                        \
    })
#define with_usr1(call)                                                                                                \
    ({                                                                                                                 \
        pthread_sigmask(SIG_BLOCK, &usr1, NULL);                                                                       \
        raise(SIGUSR1);                                                                                                \
        call;                                                                                                          \
    })
static FILE *dup_stream(void)
{
    return fdopen(fcntl(efd, F_DUPFD, 0), "r");
}
static void close_stream(FILE *f)
{
    if (f)
        fclose(f);
}
static void spawned(void)
{
    pid_t pid;
    char *args[] = {"true", NULL}, *env[] = {NULL};
    posix_spawn(&pid, "/bin/true", NULL, NULL, args, env);
}
static void forked(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
}
static void popened(void)
{
    FILE *f = popen("true", "r");
    int state;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    pclose(f);
    pthread_setcancelstate(state, NULL);
}
static void lookup(const char *host)
{
    struct addrinfo *found, hints = {.ai_flags = AI_NUMERICHOST};
    if (getaddrinfo(host, NULL, &hints, &found) == 0)
        freeaddrinfo(found);
}

#define X(name, call)                                                                                                  \
    static void *do_##name(void *arg)                                                                                  \
    {                                                                                                                  \
        CHECK_EQ(pthread_cancel(pthread_self()), 0);                                                                   \
        (void)(call);                                                                                                  \
        return arg;                                                                                                    \
    }
#pragma GCC diagnostic ignored "-Wunused-value"
#pragma GCC diagnostic ignored "-Wunused-result"
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#pragma GCC diagnostic ignored "-Wnonnull"
CALLS
#undef X

static struct {
    const char *name;
    void *(*call)(void *);
} calls[] = {
#define X(name, call) {#name, do_##name},
    CALLS
#undef X
};

int main(void)
{
    cancel_net();
    signal(SIGURG, SIG_IGN);
    set_up();
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        cancel_at(calls[i].name);
        refresh();
        if (!strncmp(calls[i].name, "accept", 6))
            connection();
        other = spawn(ends, NULL);
        thrd_create(&other_c11, ends_c11, NULL);
        if ((child = fork()) == 0)
            _exit(0);
        /* Those that are joined have ended by then. */
        usleep(strstr(calls[i].name, "join") ? 30000 : 500);
        pthread_t t;
        CHECK_EQ(pthread_create(&t, NULL, calls[i].call, NULL), 0);
        void *result = (void *)1;
        int error;
        if (strcmp(calls[i].name, "detach")) {
            error = pthread_join(t, &result);
            CHECK_EQ(error, 0);
        }
        printf("%s: %s\n", calls[i].name, result == PTHREAD_CANCELED ? "acts" : "does not");
        fflush(stdout);
        after();
        while (waitpid(-1, NULL, 0) > 0)
            ;
        /* What a call has joined or not: a second join of another's must be valid. */
        if (!strstr(calls[i].name, "join") || result == PTHREAD_CANCELED) {
            pthread_join(other, NULL);
            thrd_join(other_c11, NULL);
        } else if (!strcmp(calls[i].name, "thrd_join")) {
            pthread_join(other, NULL);
        } else {
            thrd_join(other_c11, NULL);
        }
    }
    msgctl(queue, IPC_RMID, NULL);
    semctl(sems, 0, IPC_RMID);
    unlink(name);
    return 0;
}
