/* Cancellations that race with what the thread waits for: nothing is lost that another waits for, too. */
/* time: 60 */
#include "cancel.h"
#include <semaphore.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int tokens, taken;
static sem_t sem;
static int l;
static struct sockaddr_in addr;

static void unlock(void *m) { CHECK_EQ(pthread_mutex_unlock(m), 0); }

/* Takes one token, however long it takes. */
static void *takes(void *arg)
{
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock, &mutex);
    while (tokens == 0)
        pthread_cond_wait(&cond, &mutex);
    tokens--;
    taken++;
    pthread_cleanup_pop(1);
    return arg;
}

/* One token and one signal for two waiters, of which one is cancelled: the other gets it, or the cancelled one had it. */
static void cond_rounds(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        taken = 0;
        pthread_t a = spawn(takes, &mutex), b = spawn(takes, &mutex);
        if (i % 3)
            usleep(50 * (i % 5));
        if (i % 2)
            CHECK_EQ(pthread_cancel(a), 0);
        pthread_mutex_lock(&mutex);
        tokens++;
        pthread_cond_signal(&cond);
        pthread_mutex_unlock(&mutex);
        if (i % 2 == 0)
            CHECK_EQ(pthread_cancel(a), 0);
        int first = join(a) != PTHREAD_CANCELED;
        if (first) {
            pthread_mutex_lock(&mutex);
            tokens++;
            pthread_cond_signal(&cond);
            pthread_mutex_unlock(&mutex);
        }
        CHECK(join(b) == &mutex);
        CHECK_EQ(taken, 1 + first);
        CHECK_EQ(tokens, 0);
    }
}

static void *posts(void *arg)
{
    sem_wait(&sem);
    return arg;
}

static void sem_rounds(int rounds)
{
    sem_init(&sem, 0, 0);
    for (int i = 0; i < rounds; i++) {
        pthread_t a = spawn(posts, &sem), b = spawn(posts, &sem);
        if (i % 3)
            usleep(50 * (i % 5));
        if (i % 2)
            pthread_cancel(a);
        sem_post(&sem);
        if (i % 2 == 0)
            pthread_cancel(a);
        /* Natively the wake of a token may be lost with the cancelled thread, the token never is. */
        int first = join(a) != PTHREAD_CANCELED, value;
        sem_post(&sem);
        CHECK(join(b) == &sem);
        sem_getvalue(&sem, &value);
        CHECK_EQ(value, !first);
        while (sem_trywait(&sem) == 0)
            ;
    }
    sem_destroy(&sem);
}

static void *accepts(void *arg)
{
    int fd = accept(l, NULL, NULL);
    CHECK(fd >= 0);
    *(int *)arg = fd;
    return arg;
}

/* Natively a connection that arrives in the very moment may go with the cancelled thread: so every round makes two,
 * and the other acceptor must get one of them. */
static void accept_rounds(int rounds)
{
    l = listener(&addr);
    for (int i = 0; i < rounds; i++) {
        int fd_a = -1, fd_b = -1;
        pthread_t a = spawn(accepts, &fd_a), b = spawn(accepts, &fd_b);
        if (i % 3)
            usleep(50 * (i % 5));
        if (i % 2)
            pthread_cancel(a);
        int x = dial(&addr);
        if (i % 2 == 0)
            pthread_cancel(a);
        int y = dial(&addr);
        join(a);
        CHECK(join(b) == &fd_b);
        close(fd_b);
        if (fd_a >= 0)
            close(fd_a);
        close(x);
        close(y);
        /* What is left in the queue. */
        fcntl(l, F_SETFL, O_NONBLOCK);
        int left;
        while ((left = accept(l, NULL, NULL)) >= 0)
            close(left);
        fcntl(l, F_SETFL, 0);
    }
    close(l);
}

static void *reads(void *fds)
{
    char c;
    CHECK_EQ(read(((int *)fds)[0], &c, 1), 1);
    return fds;
}

/* Two bytes, two readers: natively a cancelled one may take a byte with it, never both. */
static void read_rounds(int rounds, int (*make)(int *))
{
    int fds[2];
    CHECK_EQ(make(fds), 0);
    for (int i = 0; i < rounds; i++) {
        pthread_t a = spawn(reads, fds), b = spawn(reads, fds);
        if (i % 3)
            usleep(50 * (i % 5));
        if (i % 2)
            pthread_cancel(a);
        CHECK_EQ(write(fds[1], "x", 1), 1);
        if (i % 2 == 0)
            pthread_cancel(a);
        CHECK_EQ(write(fds[1], "x", 1), 1);
        join(a);
        CHECK(join(b) == fds);
        char c;
        while (poll(&(struct pollfd){fds[0], POLLIN, 0}, 1, 0) == 1)
            CHECK_EQ(read(fds[0], &c, 1), 1);
    }
    close(fds[0]);
    close(fds[1]);
}

static int unix_stream(int *fds) { return socketpair(AF_UNIX, SOCK_STREAM, 0, fds); }

static void *waits(void *arg)
{
    pthread_join(*(pthread_t *)arg, NULL);
    return arg;
}
static void *short_life(void *arg)
{
    usleep(50);
    return arg;
}

/* The join of a thread that ends meanwhile is done, or the thread can be joined still. */
static void join_rounds(int rounds)
{
    for (int i = 0; i < rounds; i++) {
        pthread_t t = spawn(short_life, &mutex);
        pthread_t a = spawn(waits, &t);
        if (i % 3)
            usleep(10 * (i % 17));
        pthread_cancel(a);
        if (join(a) == PTHREAD_CANCELED)
            CHECK(join(t) == &mutex);
    }
}

int main(void)
{
    cancel_net();
    alarm(55);
    cancel_at("cond");
    cond_rounds(400);
    OK("a signal is not lost with a cancelled waiter");
    cancel_at("sem");
    sem_rounds(400);
    OK("nor a token of a semaphore");
    cancel_at("accept");
    accept_rounds(200);
    OK("nor is an acceptor left asleep with a connection in the queue");
    cancel_at("read");
    read_rounds(300, pipe);
    read_rounds(300, unix_stream);
    OK("nor a reader with something to read");
    cancel_at("join");
    join_rounds(400);
    OK("a cancelled join leaves the thread to be joined");
    return 0;
}
