/* freopen and login_tty put another file where a thread reads: that one goes
 * on with the file that it had, and the next read is of the new one. */
#include "thread.h"
#include <pty.h>
#include <termios.h>
#include <utmp.h>

static int number;
static char got;

static void *reads(void *arg)
{
    CHECK_EQ(read(number, &got, 1), 1);
    return arg;
}

/* `replace` is called while a thread waits in a read of the pipe. */
static void reading(int writer, int (*replace)(void *), void *arg)
{
    static unsigned long waits;
    pthread_t t = spawn(reads, NULL);
    until_parked("rw", ++waits);
    CHECK_EQ(replace(arg), 0);
    CHECK_EQ(write(writer, "p", 1), 1);
    join(t);
    CHECK_EQ(got, 'p');
}

static int reopens(void *stream)
{
    return freopen("/dev/null", "r", stream) == NULL;
}

static int logs_in(void *terminal) { return login_tty(*(int *)terminal); }

static void child(int terminal, int master)
{
    int pipes[2];
    CHECK_EQ(pipe(pipes), 0);
    CHECK_EQ(dup2(pipes[0], number = 0), 0);
    close(pipes[0]);
    reading(pipes[1], logs_in, &terminal);
    CHECK_EQ(isatty(0), 1);
    CHECK_EQ(write(master, "t\n", 2), 2);
    join(spawn(reads, NULL));
    CHECK_EQ(got, 't');
    _exit(0);
}

int main(void)
{
    SAFETY_NET();
    int pipes[2], terminal, master, status;
    pid_t pid = fork(); /* No leader of a group, so it can begin a session. */
    if (pid == 0) {
        CHECK_EQ(openpty(&master, &terminal, NULL, NULL, NULL), 0);
        child(terminal, master);
    }
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    OK("a terminal for a pipe");

    CHECK_EQ(pipe(pipes), 0);
    FILE *stream = fdopen(number = pipes[0], "r");
    CHECK(stream != NULL);
    reading(pipes[1], reopens, stream);
    CHECK_EQ(fileno(stream), number);
    CHECK_EQ(read(number, &got, 1), 0);
    OK("another file for a pipe");
    return 0;
}
