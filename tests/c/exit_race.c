/* Many threads call exit at once, one of them by returning from main: a handler
 * never runs twice, and the status is that of one of them. (Before glibc 2.41 the
 * process may end before the handler does.) */
#include "thread.h"

static pthread_barrier_t start;
static atomic_int ran;

static void handler(void)
{
    CHECK_EQ(atomic_fetch_add(&ran, 1), 0);
    sleep_ms(3);
    printf("x");
}

static void *exits(void *arg)
{
    pthread_barrier_wait(&start);
    exit((int)(long)arg);
}

int main(void)
{
    SAFETY_NET();
    for (int i = 0; i < 20; i++) {
        int p[2];
        CHECK_EQ(pipe(p), 0);
        pid_t pid = fork();
        if (pid == 0) {
            dup2(p[1], 1);
            close(p[1]);
            SAFETY_NET();
            atexit(handler);
            pthread_barrier_init(&start, NULL, 9);
            for (long n = 1; n <= 8; n++)
                spawn(exits, (void *)n);
            pthread_barrier_wait(&start);
            return 9;
        }
        close(p[1]);
        char text[16];
        CHECK(read(p[0], text, 16) <= 1);
        CHECK_EQ(read(p[0], text, 16), 0);
        close(p[0]);
        int status;
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) >= 1 && WEXITSTATUS(status) <= 9);
    }
    OK("no handler runs twice");
    return 0;
}
