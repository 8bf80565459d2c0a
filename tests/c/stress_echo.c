/* An echo server of a thread per connection under clients of a thread each, in
 * one process: every byte of messages of 1 to 3,000 bytes comes back right.
 * Arguments: connections (default 100), messages each (default 100). */
#include "thread.h"
#include <sys/resource.h>

enum { MOST = 3000 };
static long connections = 100, messages = 100;
static struct sockaddr_in addr;
static atomic_long bytes, served;

static void *serves(void *arg)
{
    int fd = (int)(long)arg;
    char buf[1500];
    ssize_t n;
    while ((n = recv(fd, buf, sizeof buf, 0)) > 0)
        send_all(fd, buf, (size_t)n);
    CHECK_EQ(n, 0);
    served++;
    close(fd);
    return NULL;
}

static void *accepts(void *arg)
{
    int l = (int)(long)arg;
    for (long i = 0; i < connections; i++) {
        int fd = accept(l, NULL, NULL);
        CHECK(fd >= 0);
        CHECK_EQ(pthread_detach(spawn(serves, (void *)(long)fd)), 0);
    }
    return NULL;
}

static void *asks(void *arg)
{
    unsigned seed = (unsigned)(long)arg;
    unsigned char out[MOST], in[MOST];
    int fd = dial(&addr), on = 1;
    CHECK_EQ(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
    for (long i = 0; i < messages; i++) {
        size_t n = 1 + (size_t)rand_r(&seed) % (i % 10 ? 100 : MOST);
        for (size_t k = 0; k < n; k++)
            out[k] = (unsigned char)(seed + k * 7);
        send_all(fd, out, n);
        recv_all(fd, in, n);
        CHECK(!memcmp(in, out, n));
        bytes += (long)n;
    }
    CHECK_EQ(shutdown(fd, SHUT_WR), 0);
    CHECK_EQ(recv(fd, in, sizeof in, 0), 0);
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    SAFETY_NET();
    connections = argc > 1 ? atol(argv[1]) : connections;
    messages = argc > 2 ? atol(argv[2]) : messages;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int l = listener(&addr);
    pthread_t server = spawn(accepts, (void *)(long)l);
    pthread_t *t = calloc((size_t)connections, sizeof *t);
    for (long i = 0; i < connections; i++)
        t[i] = spawn(asks, (void *)(i + 1));
    for (long i = 0; i < connections; i++)
        join(t[i]);
    join(server);
    while (served < connections)
        sched_yield();
    OK("%ld connections, %ld bytes", served, bytes);
    must_have_parked("socket", (unsigned long)connections);
    return 0;
}
