/* The parent-death signal comes when the thread that has forked ends, over an exec as well; not when another thread does,
 * and not if the child has taken it back. */
#include "moves.h"
#include <sys/prctl.h>
#include <sys/wait.h>

enum Kind { STAYS, EXECUTES, TAKES_BACK, ASKS_NOT };
static int ready[2];

static void be_child(enum Kind kind)
{
    alarm(30);
    if (kind != ASKS_NOT)
        CHECK_EQ(prctl(PR_SET_PDEATHSIG, SIGUSR2), 0);
    if (kind == TAKES_BACK)
        CHECK_EQ(prctl(PR_SET_PDEATHSIG, 0), 0);
    CHECK_EQ(write(ready[1], "r", 1), 1);
    if (kind == EXECUTES)
        execl("/bin/sleep", "sleep", "30", NULL);
    for (;;)
        pause();
}

static pid_t child(enum Kind kind)
{
    char byte;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        be_child(kind);
    CHECK_EQ(read(ready[0], &byte, 1), 1);
    if (kind == EXECUTES)
        sleep_ms(100);
    return pid;
}

static void *forks(void *arg)
{
    return (void *)(long)child((enum Kind)(long)arg);
}

static void lives(pid_t pid)
{
    CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
}

static void dies_of(pid_t pid, int signum)
{
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), signum);
}

static void ends(pid_t pid)
{
    lives(pid);
    CHECK_EQ(kill(pid, SIGTERM), 0);
    dies_of(pid, SIGTERM);
}

/* The OS threads of these end with them. */
static void *changes_itself(void *arg)
{
    CHECK_EQ(prctl(PR_SET_TIMERSLACK, 50001), 0);
    sleep_ms(2);
    return arg;
}

static void *forks_and_lives(void *arg)
{
    pid_t pids[] = {child(STAYS), child(EXECUTES)};
    for (int i = 0; i < 10; i++) {
        join(spawn(changes_itself, NULL));
        sleep_ms(10);
    }
    ends(pids[0]);
    ends(pids[1]);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    CHECK_EQ(pipe(ready), 0);
    begin_moves();
    dies_of((long)join(spawn(forks, (void *)STAYS)), SIGUSR2);
    dies_of((long)join(spawn(forks, (void *)EXECUTES)), SIGUSR2);
    OK("with the thread");
    pid_t pids[] = {(long)join(spawn(forks, (void *)TAKES_BACK)), (long)join(spawn(forks, (void *)ASKS_NOT))};
    join(spawn(forks_and_lives, NULL));
    OK("not with another");
    sleep_ms(50);
    ends(pids[0]);
    ends(pids[1]);
    OK("not without being asked for");
    end_moves();
    return 0;
}
