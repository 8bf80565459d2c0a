/* One thread may wait to read and another to write the same socket at the same
 * time: neither wakes instead of the other, neither is forgotten. Must not
 * change: the bytes of both directions. */
#include "util.h"

enum { TOTAL = 4 << 20 };
struct side {
    int fd;
    unsigned seed;
};

static unsigned char byte_at(unsigned seed, size_t i)
{
    return (unsigned char)((i * 2654435761u + seed) >> 13);
}

static void *writer(void *arg)
{
    struct side *s = arg;
    static _Thread_local unsigned char buf[8192];
    for (size_t done = 0; done < TOTAL; done += sizeof buf) {
        for (size_t i = 0; i < sizeof buf; i++)
            buf[i] = byte_at(s->seed, done + i);
        send_all(s->fd, buf, sizeof buf);
    }
    CHECK_EQ(shutdown(s->fd, SHUT_WR), 0);
    return NULL;
}

static void *reader(void *arg)
{
    struct side *s = arg;
    static _Thread_local unsigned char buf[5000];
    size_t done = 0;
    for (ssize_t n; (n = recv(s->fd, buf, sizeof buf, 0)) != 0; done += (size_t)n) {
        CHECK(n > 0);
        for (ssize_t i = 0; i < n; i++)
            CHECK_EQ(buf[i], byte_at(s->seed, done + (size_t)i));
    }
    CHECK_EQ(done, TOTAL);
    return NULL;
}

int main(void)
{
    int end[2];
    alarm(20);
    tcp_pair(end);
    struct side out[2] = {{end[0], 1}, {end[1], 2}};
    struct side in[2] = {{end[0], 2}, {end[1], 1}};
    pthread_t t[4];
    for (int i = 0; i < 2; i++) {
        t[i] = spawn(writer, &out[i]);
        t[i + 2] = spawn(reader, &in[i]);
    }
    for (int i = 0; i < 4; i++)
        join(t[i]);
    must_have_parked("socket", 1);
    OK("4 MiB each way at once over one connection");
}
