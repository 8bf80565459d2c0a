/* A signal to the process has been handled when its only taker sees what was sent after it: a byte, a post, by a thread of
 * the process or by another process. Main has it blocked. */
#include "util.h"
#include <semaphore.h>
#include <sys/mman.h>

enum { ROUNDS = 300 };
enum way { BYTE, OWN_POST, SHARED_POST };
static struct shared {
    sem_t post;
} *shared;
static sem_t own_post;
static int to[2], back[2];
static _Atomic int handled;

static void on_signal(int sig)
{
    handled += sig == SIGUSR1;
}

static void await(enum way way)
{
    char c;
    if (way == BYTE)
        recv_all(to[0], &c, 1);
    while (way == OWN_POST && sem_wait(&own_post) == -1)
        CHECK_EQ(errno, EINTR);
    while (way == SHARED_POST && sem_wait(&shared->post) == -1)
        CHECK_EQ(errno, EINTR);
}

static void signal_and(enum way way, pid_t pid)
{
    CHECK_EQ(kill(pid, SIGUSR1), 0);
    if (way == BYTE)
        send_all(to[1], "x", 1);
    else
        CHECK_EQ(sem_post(way == OWN_POST ? &own_post : &shared->post), 0);
}

/* The only thread that does not block the signal. */
static void *taker(void *arg)
{
    enum way way = (enum way)(intptr_t)arg;
    sigset_t none;
    sigemptyset(&none);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &none, NULL), 0);
    handled = 0;
    for (int i = 1; i <= ROUNDS; i++) {
        send_all(back[1], "r", 1);
        await(way);
        CHECK_EQ(handled, i);
    }
    send_all(back[1], "e", 1);
    return NULL;
}

struct task {
    enum way way;
    pid_t pid;
};

static void *sender(void *arg)
{
    struct task *task = arg;
    char c = 0;
    for (recv_all(back[0], &c, 1); c == 'r'; recv_all(back[0], &c, 1))
        signal_and(task->way, task->pid);
    return NULL;
}

static void from_here(enum way way)
{
    struct task task = {way, getpid()};
    pthread_t a = spawn(taker, (void *)way), b = spawn(sender, &task);
    join(a);
    join(b);
}

static void from_another(enum way way)
{
    struct task task = {way, getpid()};
    pid_t child = fork();
    if (child == 0) {
        sender(&task);
        _exit(0);
    }
    int status;
    join(spawn(taker, (void *)way));
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigset_t all;
    alarm(25);
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    sigfillset(&all);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &all, NULL), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, to), 0);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, back), 0);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    CHECK_EQ(sem_init(&shared->post, 1, 0), 0);
    CHECK_EQ(sem_init(&own_post, 0, 0), 0);
    from_another(BYTE);
    OK("a byte, after a signal of another process");
    from_another(SHARED_POST);
    OK("a post, after a signal of another process");
    from_here(BYTE);
    OK("a byte, after a signal of this one");
    from_here(OWN_POST);
    OK("a post, after a signal of this one");
    must_have_parked("socket", 10);
    must_have_parked("sem", 10);
    return 0;
}
