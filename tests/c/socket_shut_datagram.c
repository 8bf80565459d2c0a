/* A datagram socket that is shut for reading: what is there is received, then nothing, at once, whatever the call. */
#include "util.h"
#include <sys/uio.h>

static int end[2];

static void *reader(void *arg)
{
    char buf[8] = "", name[16];
    struct iovec vector = {buf, sizeof buf};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_name = name, .msg_namelen = sizeof name};
    CHECK_EQ(recv(end[0], buf, sizeof buf, 0), arg ? 0 : 1);
    CHECK_EQ(recv(end[0], buf, sizeof buf, 0), 0);
    CHECK_EQ(read(end[0], buf, sizeof buf), 0);
    CHECK_EQ(readv(end[0], &vector, 1), 0);
    CHECK_EQ(recvmsg(end[0], &message, 0), 0);
    CHECK_ERRNO(recv(end[0], buf, sizeof buf, MSG_DONTWAIT), EAGAIN);
    return NULL;
}

static void udp_pair(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof addr;
    end[0] = socket(AF_INET, SOCK_DGRAM, 0);
    end[1] = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK_EQ(bind(end[0], (struct sockaddr *)&addr, sizeof addr), 0);
    CHECK_EQ(getsockname(end[0], (struct sockaddr *)&addr, &len), 0);
    CHECK_EQ(connect(end[1], (struct sockaddr *)&addr, len), 0);
    CHECK_EQ(getsockname(end[1], (struct sockaddr *)&addr, &len), 0);
    CHECK_EQ(connect(end[0], (struct sockaddr *)&addr, len), 0);
}

int main(void)
{
    alarm(20);
    udp_pair();
    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    CHECK_EQ(shutdown(end[0], SHUT_RD), 0);
    join(spawn(reader, NULL));
    OK("UDP");

    CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, end), 0);
    pthread_t t = spawn(reader, "");
    sleep_ms(20);
    CHECK_EQ(shutdown(end[0], SHUT_RD), 0);
    join(t);
    OK("a Unix socket, while a thread waits");
    must_have_parked("socket", 1);
    return 0;
}
