/* Forty threads at a time in system() or pclose() cost no kernel thread each,
 * and get the statuses of their own commands. */
/* cflags: -Wno-mismatched-dealloc */
#include "thread.h"

enum { N = 40 };
static char hold[64];

static void *in_system(void *arg)
{
    char command[128];
    int mine = (int)(intptr_t)arg, status;
    snprintf(command, sizeof command, "%s; exit %d", hold, mine);
    status = system(command);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), mine);
    return NULL;
}

static void *in_pclose(void *arg)
{
    char command[128];
    int mine = (int)(intptr_t)arg, status;
    snprintf(command, sizeof command, "%s; exit %d", hold, mine);
    FILE *f = popen(command, mine % 4 ? "r" : "w");
    CHECK(f);
    status = mine % 8 ? pclose(f) : fclose(f);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), mine);
    return NULL;
}

int main(void)
{
    pthread_t t[N];
    int p[2];
    SAFETY_NET();
    CHECK_EQ(pipe2(p, O_CLOEXEC), 0);
    snprintf(hold, sizeof hold, "read x </proc/%d/fd/%d", getpid(), p[0]);
    for (int i = 0; i < N; i++) {
        t[i] = spawn(i % 2 ? in_system : in_pclose, (void *)(intptr_t)i);
        until_parked("os", i + 1);
    }
    if (preloaded())
        CHECK(iopatch_counter("os_threads") < N * 3 / 4);
    close(p[1]);
    for (int i = 0; i < N; i++)
        join(t[i]);
    close(p[0]);
    OK("%d commands at a time", N);
    return 0;
}
