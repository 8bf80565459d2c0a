/* Credentials are the process's: setgroups, setgid and setuid in one thread hold
 * in all, whether they compute, wait or sit in a call of the kernel's; who has
 * given them up can't have them back. Several threads may ask at once. */
#include "asleep.h"
#include <grp.h>

enum { EACH = 4, THREADS = 3 * EACH };
static uid_t to;
static atomic_int go;
static int pair[2];
static FILE *stream;

static void *look(void *arg)
{
    CHECK_EQ(getuid(), to);
    CHECK_EQ(geteuid(), to);
    CHECK_EQ(getgid(), to);
    return arg;
}

static void *computes(void *arg)
{
    while (!go)
        ;
    return look(arg);
}

static void *waits(void *arg)
{
    char c;
    CHECK_EQ(recv(pair[0], &c, 1, 0), 1);
    return look(arg);
}

static void *in_stdio(void *arg)
{
    CHECK(fgetc(stream) == 'x');
    return look(arg);
}

static void *swaps(void *arg)
{
    for (int i = 0; i < 20; i++)
        CHECK_EQ(setresuid(-1, to, -1), 0);
    return arg;
}

static void *drops(void *arg)
{
    if (getuid() == 0)
        CHECK_EQ(setgroups(0, NULL), 0);
    CHECK_EQ(setgid(to), 0);
    CHECK_EQ(setuid(to), 0);
    CHECK_ERRNO(setuid(0), EPERM);
    return look(arg);
}

static void round_of(void (*run)(void))
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(20);
        int pipes[2];
        pthread_t t[THREADS];
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        CHECK_EQ(pipe(pipes), 0);
        CHECK((stream = fdopen(pipes[0], "r")));
        for (int i = 0; i < THREADS; i++)
            t[i] = spawn(i < 2 ? computes : i % 2 ? waits : in_stdio, NULL);
        sleep_ms(30);
        run();
        look(NULL);
        join(spawn(look, NULL));
        go = 1;
        for (int i = 0; i < THREADS; i++) {
            CHECK_EQ(write(pair[1], "x", 1), 1);
            CHECK_EQ(write(pipes[1], "x", 1), 1);
        }
        for (int i = 0; i < THREADS; i++)
            join(t[i]);
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
}

static void by_main(void) { drops(NULL); }
static void by_a_thread(void) { join(spawn(drops, NULL)); }
static void by_many(void)
{
    pthread_t t[EACH];
    for (int i = 0; i < EACH; i++)
        t[i] = spawn(swaps, NULL);
    for (int i = 0; i < EACH; i++)
        join(t[i]);
    if (geteuid() != getuid())
        CHECK_EQ(seteuid(getuid()), 0);
    drops(NULL);
}

int main(void)
{
    to = getuid() ? getuid() : 12345;
    round_of(by_main);
    OK("main gives them up");
    round_of(by_a_thread);
    OK("a thread gives them up");
    round_of(by_many);
    OK("many threads at once");
    return 0;
}
