/* A shutdown of a socket that connects ends the connect with ECONNRESET. Must
 * not change: the socket is as new, and connects again. */
#include "asleep.h"

static struct sockaddr_in full, here;
static struct gate gate;
static int fd;

static void *in_connect(void *arg)
{
    enter(&gate);
    CHECK_ERRNO(connect(fd, (struct sockaddr *)&full, sizeof full), ECONNRESET);
    return arg;
}

int main(void)
{
    alarm(20);
    int l = listener(&full);
    CHECK_EQ(listen(l, 0), 0);
    dial(&full); /* fills the queue: further SYNs are dropped */
    listener(&here);
    fd = socket(AF_INET, SOCK_STREAM, 0);

    gate_open(&gate, "socket");
    pthread_t t = spawn(in_connect, NULL);
    until_asleep(&gate, 1);
    must_have_parked("socket", 1);
    CHECK_EQ(shutdown(fd, SHUT_RDWR), 0);
    join(t);
    OK("ECONNRESET");
    CHECK_EQ(connect(fd, (struct sockaddr *)&here, sizeof here), 0);
    OK("the socket connects again");
}
