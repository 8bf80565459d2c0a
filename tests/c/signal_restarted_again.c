/* A wait that a handler with SA_RESTART has interrupted begins again: a later handler without it ends it. And only a call
 * that has moved nothing begins again: one that has moved a part ends with that. */
#include "util.h"
#include <semaphore.h>

static int pipe_end[2], pair[2];
static sem_t sem;
static char bytes[1 << 20];
static atomic_int handled;

static void handler(int sig)
{
    (void)sig;
    handled++;
}

static void *reader(void *arg)
{
    CHECK_ERRNO(read(pipe_end[0], bytes, 1), EINTR);
    return arg;
}

static void *taker(void *arg)
{
    CHECK_ERRNO(sem_wait(&sem), EINTR);
    return arg;
}

static void *pipe_writer(void *arg)
{
    ssize_t n = write(pipe_end[1], bytes, sizeof bytes);
    CHECK(n > 0 && n < (ssize_t)sizeof bytes);
    return arg;
}

static void *sender(void *arg)
{
    ssize_t n = send(pair[0], bytes, sizeof bytes, 0);
    CHECK(n > 0 && n < (ssize_t)sizeof bytes);
    return arg;
}

static void *receiver(void *arg)
{
    CHECK_EQ(recv(pair[1], bytes, sizeof bytes, MSG_WAITALL), 3);
    return arg;
}

/* Each of the signals reaches the thread in its wait. */
static void interrupt(void *(*start)(void *), int sig, int next)
{
    int before = handled;
    pthread_t t = spawn(start, NULL);
    sleep_ms(30);
    CHECK_EQ(pthread_kill(t, sig), 0);
    while (handled == before)
        sleep_ms(1);
    if (next) {
        sleep_ms(30);
        CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
        CHECK_EQ(pthread_kill(t, next), 0);
    }
    join(t);
}

int main(void)
{
    alarm(20);
    CHECK_EQ(sigaction(SIGUSR1, &(struct sigaction){.sa_handler = handler, .sa_flags = SA_RESTART}, NULL), 0);
    CHECK_EQ(sigaction(SIGUSR2, &(struct sigaction){.sa_handler = handler}, NULL), 0);
    CHECK_EQ(pipe(pipe_end), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    interrupt(reader, SIGUSR1, SIGUSR2);
    interrupt(taker, SIGUSR1, SIGUSR2);
    OK("what goes on can be interrupted again");
    interrupt(pipe_writer, SIGUSR1, 0);
    interrupt(sender, SIGUSR1, 0);
    CHECK(recv(pair[1], bytes, sizeof bytes, MSG_DONTWAIT) > 0);
    while (recv(pair[1], bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
    CHECK_EQ(send(pair[0], bytes, 3, 0), 3);
    interrupt(receiver, SIGUSR1, 0);
    OK("what has moved a part ends");
    must_have_parked("rw", 2);
    must_have_parked("socket", 2);
    return 0;
}
