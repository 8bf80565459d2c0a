/* Threads of a parent and of two children wait to read one pipe at the same
 * time: each word goes to one of the three, whole, and all see the end. Must
 * not change: the pipe's flags, which all of them share. */
#include "util.h"

enum { WORDS = 400 };
static int p[2], report[2];

static void *count_words(void *arg)
{
    uint32_t word;
    intptr_t n = 0;
    (void)arg;
    while (read(p[0], &word, sizeof word) == sizeof word)
        n++;
    return (void *)n;
}

static void in_child(void)
{
    alarm(10);
    close(p[1]);
    uint32_t n = (uint32_t)(intptr_t)join(spawn(count_words, NULL));
    CHECK_EQ(write(report[1], &n, sizeof n), sizeof n);
    _exit(0);
}

int main(void)
{
    uint32_t theirs, total = 0;
    int status;
    alarm(20);
    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(pipe(report), 0);
    pid_t pid[2];
    for (int i = 0; i < 2; i++)
        if ((pid[i] = fork()) == 0)
            in_child();
    pthread_t t = spawn(count_words, NULL);
    for (uint32_t i = 0; i < WORDS; i++)
        CHECK_EQ(write(p[1], &i, sizeof i), sizeof i);
    close(p[1]);
    total += (uint32_t)(intptr_t)join(t);
    for (int i = 0; i < 2; i++) {
        CHECK_EQ(read(report[0], &theirs, sizeof theirs), sizeof theirs);
        total += theirs;
        CHECK_EQ(waitpid(pid[i], &status, 0), pid[i]);
        CHECK_EQ(status, 0);
    }
    CHECK_EQ(total, WORDS);
    CHECK_EQ(fcntl(p[0], F_GETFL), O_RDONLY);
    OK("three processes shared a pipe: each word was read once");
}
