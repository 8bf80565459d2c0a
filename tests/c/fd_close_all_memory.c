/* To close every number there may be, as daemons do, takes no memory for those
 * that nobody has used: by closefrom, by a loop, and in a forked child. */
#include "thread.h"

enum { NUMBERS = 1 << 20, MOST_KB = 2048 };

static void *nothing(void *arg)
{
    return arg;
}

static void close_all(void)
{
    for (int fd = 3; fd < NUMBERS; fd++)
        close(fd);
}

static void from_three(void)
{
    for (int i = 0; i < 10; i++)
        closefrom(3);
}

static void needs_no_memory(void (*act)(void), const char *name)
{
    long before = status_kb("VmRSS");
    act();
    long grown = status_kb("VmRSS") - before;
    dprintf(2, "%s: grown by %ld KiB\n", name, grown);
    CHECK(grown < MOST_KB);
    OK("%s takes no memory", name);
}

int main(void)
{
    SAFETY_NET();
    join(spawn(nothing, NULL));
    needs_no_memory(from_three, "closefrom");
    needs_no_memory(close_all, "a loop");
    pid_t child = fork();
    if (child == 0) {
        needs_no_memory(from_three, "closefrom in a child");
        needs_no_memory(close_all, "a loop in a child");
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    return 0;
}
