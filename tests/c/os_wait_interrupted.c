/* A thread in waitpid, and a signal sent to it: EINTR, or with SA_RESTART the
 * status in the end; it can be cancelled, and the child is still to be had. */
#include "asleep.h"

static struct gate gate;
static pid_t pid;
static atomic_int handled;

static void handler(int signum) { (void)signum, handled++; }

static void *waits(void *arg)
{
    int status;
    enter(&gate);
    errno = 0;
    pid_t got = waitpid(pid, &status, 0);
    (void)arg;
    return (void *)(intptr_t)(got == pid ? status : -errno);
}

static pthread_t waiting(void)
{
    gate_open(&gate, "os");
    pthread_t t = spawn(waits, NULL);
    until_asleep(&gate, 1);
    return t;
}

int main(void)
{
    struct sigaction action = {.sa_handler = handler};
    alarm(25);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        pause();
        _exit(0);
    }
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    pthread_t t = waiting();
    CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
    CHECK_EQ((intptr_t)join(t), -EINTR);
    CHECK_EQ(handled, 1);
    OK("EINTR");

    t = waiting();
    CHECK_EQ(pthread_cancel(t), 0);
    CHECK(join(t) == PTHREAD_CANCELED);
    OK("cancelled");

    action.sa_flags = SA_RESTART;
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    t = waiting();
    CHECK_EQ(pthread_kill(t, SIGUSR1), 0);
    while (handled < 2)
        sleep_ms(1);
    CHECK_EQ(kill(pid, SIGKILL), 0);
    CHECK_EQ((intptr_t)join(t), SIGKILL);
    OK("restarted");
    return 0;
}
