/* popen(3): modes, close-on-exec, what later children inherit, statuses by
 * pclose and fclose, closed descriptors and streams that can't be flushed. */
/* cflags: -Wno-mismatched-dealloc */
#include "thread.h"
#include <wchar.h>

static int code(int status)
{
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static FILE *started(const char *command, const char *mode)
{
    FILE *f = popen(command, mode);
    CHECK(f);
    return f;
}

static void modes(void)
{
    static const char *bad[] = {"", "rw", "x", "rx", "e", "r+", "rb"};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        errno = 0;
        CHECK(!popen("true", bad[i]));
        CHECK_EQ(errno, EINVAL);
    }
    FILE *r = started("true", "r"), *re = started("true", "re"), *er = started("true", "eer");
    CHECK_EQ(fcntl(fileno(r), F_GETFD), 0);
    CHECK_EQ(fcntl(fileno(re), F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(fileno(er), F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(fileno(r), F_GETFL) & O_ACCMODE, O_RDONLY);
    CHECK_EQ(fputc('x', r), EOF);
    CHECK(fwide(r, 0) < 0);
    CHECK_EQ(code(pclose(r)) | code(pclose(re)) | code(pclose(er)), 0);
}

static void statuses(void)
{
    char line[16];
    FILE *f = started("read x; echo $x; exit 4", "w");
    CHECK(fputs("to it\n", f) >= 0);
    fflush(stdout);
    CHECK_EQ(code(pclose(f)), 4);
    f = started("echo from it; exit 5", "r");
    CHECK(fgets(line, sizeof line, f) && !strcmp(line, "from it\n"));
    CHECK(!fgets(line, sizeof line, f) && feof(f));
    CHECK_EQ(code(fclose(f)), 5);
    CHECK_EQ(pclose(started("kill -9 $$", "r")), SIGKILL);
    CHECK_EQ(code(pclose(started("exec /nowhere/at/all 2>/dev/null", "r"))), 127);
    /* pclose of any other stream is fclose. */
    f = fopen("/dev/null", "r");
    CHECK_EQ(pclose(f), 0);
    CHECK_ERRNO(waitpid(-1, NULL, WNOHANG), ECHILD);
}

/* The end of the first one's standard input is seen although the second lives. */
static void inherited(void)
{
    FILE *first = started("cat", "w"), *second = started("cat", "w");
    char look[64], line[64];
    snprintf(look, sizeof look, "test -e /dev/fd/%d && echo open || echo closed", fileno(first));
    FILE *third = started(look, "r");
    CHECK(fgets(line, sizeof line, third) && !strcmp(line, "closed\n"));
    CHECK_EQ(pclose(third), 0);
    /* system(3) closes nothing. */
    CHECK_EQ(code(system(strcat(look, " | grep -q open"))), 0);
    CHECK_EQ(pclose(first), 0);
    CHECK_EQ(pclose(second), 0);
}

static void unusual_ends(void)
{
    pid_t pid;
    int status;
    FILE *f = started("exit 6", "r");
    CHECK_EQ(close(fileno(f)), 0);
    CHECK_EQ(pclose(f), -1);
    CHECK((pid = wait(&status)) > 0);
    CHECK_EQ(code(status), 6);

    CHECK(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    for (int with = 0; with < 2; with++) {
        f = started(with ? "exec <&-; echo; exit 7" : "exec <&-; exit 0", "w");
        siginfo_t info;
        CHECK_EQ(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
        CHECK_EQ(fputs("nobody reads this", f), 1);
        status = pclose(f);
        if (with)
            CHECK_EQ(code(status), 7);
        else
            CHECK_EQ(status, -1);
    }
    CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);

    CHECK(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    f = started("exit 8", "r");
    CHECK_ERRNO(pclose(f), ECHILD);
    CHECK(signal(SIGCHLD, SIG_DFL) != SIG_ERR);
}

/* Where the pipe takes the number that the command is to have. */
static void low_numbers(void)
{
    char line[16];
    fflush(stdout);
    int in = dup(0), out = dup(1);
    close(0);
    close(1);
    FILE *f = started("echo said", "r");
    CHECK(fgets(line, sizeof line, f) && !strcmp(line, "said\n"));
    CHECK_EQ(pclose(f), 0);
    f = started("read x; test \"$x\" = heard", "w");
    CHECK(fputs("heard\n", f) >= 0);
    CHECK_EQ(pclose(f), 0);
    CHECK_EQ(dup2(in, 0), 0);
    CHECK_EQ(dup2(out, 1), 1);
    close(in);
    close(out);
}

static void *all(void *arg)
{
    modes();
    OK("modes");
    statuses();
    OK("statuses");
    inherited();
    OK("what others inherit");
    unusual_ends();
    OK("unusual ends");
    low_numbers();
    OK("low numbers");
    return arg;
}

int main(void)
{
    SAFETY_NET();
    all(NULL);
    join(spawn(all, NULL));
    return 0;
}
