/* RLIMIT_NOFILE is the program's: while threads start, wait for descriptors
 * and have them closed under them, nobody sees another limit, what is set
 * stays set, and children have it. */
#include "util.h"
#include <sys/resource.h>

enum { CLOSES = 100, FORKS = 40 };
static atomic_int closing = 1;

static void *read_one(void *fd)
{
    char byte;
    (void)!recv(*(int *)fd, &byte, 1, 0);
    return NULL;
}

/* Each close finds a thread that waits: its wait goes on somewhere else. */
static void *close_waited_for(void *unused)
{
    for (int i = 0; i < CLOSES; i++) {
        int pair[2];
        pthread_t reader;
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        CHECK_EQ(pthread_create(&reader, NULL, read_one, &pair[0]), 0);
        usleep(200);
        close(pair[0]);
        close(pair[1]);
        CHECK_EQ(pthread_join(reader, NULL), 0);
    }
    closing = 0;
    return unused;
}

static rlim_t soft_limit(void)
{
    struct rlimit limit;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur;
}

static void set_soft_limit(rlim_t soft)
{
    struct rlimit limit;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = soft;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void in_child(void (*act)(void))
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        act();
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
}

static void start_closing(pthread_t *thread)
{
    CHECK_EQ(pthread_create(thread, NULL, close_waited_for, NULL), 0);
}

static void look(void)
{
    pthread_t closer;
    rlim_t limit = soft_limit();
    start_closing(&closer);
    while (closing)
        CHECK_EQ(soft_limit(), limit);
    CHECK_EQ(pthread_join(closer, NULL), 0);
}

static void set(void)
{
    pthread_t closer;
    start_closing(&closer);
    for (rlim_t want = 400; closing; want = 900 - want) {
        set_soft_limit(want);
        for (int i = 0; i < 50; i++)
            CHECK_EQ(soft_limit(), want);
    }
    CHECK_EQ(pthread_join(closer, NULL), 0);
}

static void fork_meanwhile(void)
{
    pthread_t closer;
    rlim_t limit = soft_limit();
    start_closing(&closer);
    for (int i = 0; i < FORKS; i++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            _exit(soft_limit() != limit);
        int status;
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK_EQ(status, 0);
    }
    CHECK_EQ(pthread_join(closer, NULL), 0);
}

int main(void)
{
    set_soft_limit(512);
    in_child(look);
    OK("no other limit is seen");
    in_child(set);
    OK("a limit that is set stays");
    in_child(fork_meanwhile);
    OK("children have the limit");
    CHECK_ERRNO(waitpid(-1, NULL, __WALL), ECHILD);
    OK("no child is left");
    return 0;
}
