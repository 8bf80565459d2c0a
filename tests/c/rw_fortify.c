/* cflags: -O2 -D_FORTIFY_SOURCE=2 */
/* read of a program built with _FORTIFY_SOURCE goes to __read_chk: it waits as
 * read does. Must not change: EOF, errno, and that a length beyond the buffer
 * aborts the program. */
#include "asleep.h"
#include <sys/resource.h>

static int p[2];
static struct gate gate;
static volatile size_t beyond = 9, eight = 8; /* unknown to the compiler */

static void *reader(void *arg)
{
    char buf[8];
    enter(&gate);
    errno = 1234;
    CHECK_EQ(read(p[0], buf, eight), 3);
    CHECK_EQ(errno, 1234);
    CHECK(memcmp(buf, "abc", 3) == 0);
    CHECK_EQ(read(p[0], buf, eight), 0);
    CHECK_ERRNO(read(-1, buf, eight), EBADF);
    return arg;
}

static void *overflow(void *arg)
{
    char buf[8];
    (void)arg;
    return (void *)read(p[0], buf, beyond);
}

int main(void)
{
    int status;
    alarm(20);
    CHECK_EQ(pipe(p), 0);
    gate_open(&gate, "fortify");
    pthread_t t = spawn(reader, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(write(p[1], "abc", 3), 3);
    close(p[1]);
    join(t);
    must_have_parked("fortify", 1);
    OK("__read_chk waits and reads");

    pid_t pid = fork();
    if (pid == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        close(2); /* "buffer overflow detected" is expected */
        join(spawn(overflow, NULL));
        _exit(0);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    OK("an overflow aborts");
}
