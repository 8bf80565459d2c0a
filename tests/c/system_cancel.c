/* A thread that is cancelled in system(3), whatever its type: the command is
 * killed and reaped, SIGINT and SIGQUIT are as before; in pclose it is not. */
/* cflags: -fexceptions */
#include "asleep.h"
#include "thread.h"

static struct gate gate;
static int hold[2];
static char command[64];
static atomic_int cleaned;

static void cleanup(void *arg) { cleaned += arg == &cleaned; }

static void *in_system(void *arg)
{
    pthread_setcanceltype(arg ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED, NULL);
    pthread_cleanup_push(cleanup, &cleaned);
    enter(&gate);
    system(command);
    CHECK(!"not cancelled");
    pthread_cleanup_pop(0);
    return NULL;
}

static void *in_pclose(void *arg)
{
    FILE *f = popen(command, "w");
    CHECK(f);
    CHECK_EQ(pclose(f), 0);
    cleaned++;
    pthread_testcancel();
    return arg;
}

static struct sigaction action_of(int signum)
{
    struct sigaction action;
    CHECK_EQ(sigaction(signum, NULL, &action), 0);
    return action;
}

/* The command says with a byte that it runs; it holds the pipe's other end. */
static void until_it_runs(void)
{
    char byte;
    CHECK_EQ(read(hold[0], &byte, 1), 1);
}

static void cancelled_in_system(void *type)
{
    char byte;
    struct sigaction interrupt = action_of(SIGINT), quit = action_of(SIGQUIT);
    cleaned = 0;
    CHECK_EQ(pipe(hold), 0);
    snprintf(command, sizeof command, "echo >&%d; exec sleep 20", hold[1]);
    gate_open(&gate, "os");
    pthread_t t = spawn(in_system, type);
    until_it_runs();
    until_asleep(&gate, 1);
    CHECK(signal(SIGINT, SIG_IGN) == SIG_IGN);
    CHECK_EQ(pthread_cancel(t), 0);
    CHECK(join(t) == PTHREAD_CANCELED);
    CHECK_EQ(cleaned, 1);
    CHECK(action_of(SIGINT).sa_handler == interrupt.sa_handler);
    CHECK(action_of(SIGQUIT).sa_handler == quit.sa_handler);
    CHECK_ERRNO(waitpid(-1, NULL, WNOHANG), ECHILD);
    close(hold[1]);
    CHECK_EQ(read(hold[0], &byte, 1), 0);
    close(hold[0]);
}

static void *coroutine(void *arg)
{
    cancelled_in_system(arg);
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    cancelled_in_system(NULL);
    cancelled_in_system(&cleaned);
    join(spawn(coroutine, NULL));
    join(spawn(coroutine, &cleaned));
    OK("killed and reaped");

    cleaned = 0;
    CHECK_EQ(pipe(hold), 0);
    snprintf(command, sizeof command, "echo >&%d; cat; sleep 0.2", hold[1]);
    pthread_t t = spawn(in_pclose, NULL);
    until_it_runs();
    CHECK_EQ(pthread_cancel(t), 0);
    CHECK(join(t) == PTHREAD_CANCELED);
    CHECK_EQ(cleaned, 1);
    OK("pclose is no cancellation point");
    return 0;
}
