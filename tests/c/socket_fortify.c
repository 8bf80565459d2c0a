/* cflags: -O2 -D_FORTIFY_SOURCE=2 */
/* recv and recvfrom of a program built with _FORTIFY_SOURCE go to __recv_chk
 * and __recvfrom_chk: they wait as the plain calls do. Must not change: a
 * length beyond the buffer aborts the program before a byte is read. */
#include "asleep.h"
#include <sys/resource.h>

static int end[2];
static struct gate gate;
static volatile size_t beyond = 9, eight = 8; /* unknown to the compiler */

static void *receiver(void *arg)
{
    char buf[8];
    struct sockaddr_storage from;
    socklen_t len = sizeof from;
    enter(&gate);
    CHECK_EQ(recv(end[0], buf, eight, 0), 3);
    CHECK_EQ(send(end[0], "k", 1, 0), 1);
    CHECK_EQ(recvfrom(end[0], buf, eight, 0, (struct sockaddr *)&from, &len), 2);
    CHECK_ERRNO(recv(end[0], buf, eight, MSG_DONTWAIT), EAGAIN);
    return arg;
}

static void *overflow(void *arg)
{
    char buf[8];
    return (void *)(arg ? recvfrom(end[0], buf, beyond, 0, NULL, NULL)
                        : recv(end[0], buf, beyond, 0));
}

int main(void)
{
    char k;
    int status;
    alarm(20);
    tcp_pair(end);
    gate_open(&gate, "fortify");
    pthread_t t = spawn(receiver, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(send(end[1], "abc", 3, 0), 3);
    CHECK_EQ(recv(end[1], &k, 1, 0), 1);
    CHECK_EQ(send(end[1], "de", 2, 0), 2);
    join(t);
    must_have_parked("fortify", 1);
    OK("__recv_chk and __recvfrom_chk wait and receive");

    CHECK_EQ(send(end[1], "123456789", 9, 0), 9);
    for (intptr_t i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
            close(2); /* "buffer overflow detected" is expected */
            join(spawn(overflow, (void *)i));
            _exit(0);
        }
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
    char all[16];
    CHECK_EQ(recv(end[0], all, beyond, 0), 9);
    OK("an overflow aborts, and has eaten nothing");
}
