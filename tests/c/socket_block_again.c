/* A socket made blocking again through another descriptor of the same open
 * file waits again: the flag belongs to the open file, not to the number.
 * Must not change: the program never sees O_NONBLOCK that it did not set, in
 * any thread, in a dup, or in a child, while others wait on the socket. */
#include "asleep.h"

static int end[2];
static struct gate gate;

static void *receiver(void *arg)
{
    char c;
    (void)arg;
    enter(&gate);
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    return NULL;
}

static void *flags_seen(void *arg)
{
    int copy = dup(end[0]), status;
    (void)arg;
    CHECK_EQ(fcntl(end[0], F_GETFL), O_RDWR);
    CHECK_EQ(fcntl(copy, F_GETFL), O_RDWR);
    close(copy);
    pid_t pid = fork();
    if (pid == 0)
        _exit(fcntl(end[0], F_GETFL) != O_RDWR);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    return NULL;
}

int main(void)
{
    alarm(20);
    tcp_pair(end);
    int copy = dup(end[0]);

    CHECK_EQ(fcntl(end[0], F_SETFL, O_NONBLOCK), 0);
    CHECK_EQ(fcntl(copy, F_SETFL, 0), 0);
    gate_open(&gate, "socket");
    pthread_t t = spawn(receiver, NULL);
    until_asleep(&gate, 1);
    CHECK_EQ(pthread_tryjoin_np(t, NULL), EBUSY);
    OK("a dup made the socket blocking again: recv waits");

    join(spawn(flags_seen, NULL));
    flags_seen(NULL);
    OK("nobody sees O_NONBLOCK while a thread waits");

    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    join(t);
    must_have_parked("socket", 1);
    OK("the wait ends with the data");
}
