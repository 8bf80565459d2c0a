/* A signal by thread id is taken by the thread of that id or by none, while threads end and others begin in their
 * memory. */
#include "thread.h"
#include <stdbool.h>

enum { CHURNS = 3, KINDS = 16 };
static atomic_int latest;
static atomic_bool over;
static atomic_long right, wrong;
static _Thread_local pid_t own;

/* The signal says which id was meant. */
static int signal_for(pid_t id)
{
    return SIGRTMIN + 1 + id % KINDS;
}

static void on_signal(int sig)
{
    if (own != 0)
        atomic_fetch_add(sig == signal_for(own) ? &right : &wrong, 1);
}

static void *brief(void *arg)
{
    own = gettid();
    latest = own;
    for (volatile int i = 0; i < 3000; i++)
        ;
    return arg;
}

static void *churn(void *arg)
{
    while (!over)
        join(spawn(brief, NULL));
    return arg;
}

int main(void)
{
    SAFETY_NET();
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    for (int i = 0; i < KINDS; i++)
        CHECK_EQ(sigaction(SIGRTMIN + 1 + i, &action, NULL), 0);
    pthread_t t[CHURNS];
    for (int i = 0; i < CHURNS; i++)
        t[i] = spawn(churn, NULL);
    long end = now_ms() + 600;
    while (now_ms() < end) {
        pid_t id = latest;
        if (id != 0 && tgkill(getpid(), id, signal_for(id)) != 0)
            CHECK(errno == ESRCH || errno == EAGAIN);
    }
    over = true;
    for (int i = 0; i < CHURNS; i++)
        join(t[i]);
    CHECK_EQ(wrong, 0);
    CHECK(right > 0);
    OK("none taken by a wrong thread");
    return 0;
}
