/* A blocking send that connects (MSG_FASTOPEN) waits for the connection, and
 * sends all; to nobody it fails with ECONNREFUSED. So it is with a send after a
 * connect that was put off (TCP_FASTOPEN_CONNECT). */
#include "util.h"

static struct sockaddr_in addr, nobody;

static void *echoes(void *l)
{
    for (char buf[64]; 1;) {
        int c = accept(*(int *)l, NULL, NULL);
        ssize_t n = read(c, buf, sizeof buf);
        CHECK(n > 0);
        CHECK_EQ(write(c, buf, n), n);
        close(c);
    }
}

static void *story(void *arg)
{
    char buf[64];
    for (int i = 0; i < 3; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        CHECK_EQ(sendto(fd, "hello", 5, MSG_FASTOPEN, (struct sockaddr *)&addr, sizeof addr), 5);
        CHECK_EQ(recv(fd, buf, sizeof buf, 0), 5);
        CHECK_ERRNO(connect(fd, (struct sockaddr *)&addr, sizeof addr), EISCONN);
        close(fd);
    }
    OK("it connects and sends");
    for (int i = 0; i < 2; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
        CHECK_EQ(setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on), 0);
        CHECK_EQ(connect(fd, (struct sockaddr *)&addr, sizeof addr), 0);
        CHECK_EQ(write(fd, "hello", 5), 5);
        CHECK_EQ(recv(fd, buf, sizeof buf, 0), 5);
        close(fd);
    }
    OK("so does a write after connect");
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_ERRNO(sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&nobody, sizeof nobody),
                ECONNREFUSED);
    OK("to nobody: refused");
    return arg;
}

int main(void)
{
    alarm(20);
    close(listener(&nobody));
    int l = listener(&addr), queue = 16;
    CHECK_EQ(setsockopt(l, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof queue), 0);
    spawn(echoes, &l);
    join(spawn(story, NULL));
    return 0;
}
