/* A threaded server forks while it serves: the children see its memory as it
 * was, use malloc and stdio, make threads, and end; the service goes on. */
#include "thread.h"

enum { CLIENTS = 12, FORKS = 30 };
static int l;
static atomic_int stop;
static atomic_long bytes;

static void *serves(void *arg)
{
    int fd = (int)(intptr_t)arg;
    ssize_t n;
    char *buf;
    do {
        buf = malloc(512 + (unsigned)rand() % 4096);
        CHECK(buf);
        n = recv(fd, buf, 512, 0);
        if (n > 0)
            send_all(fd, buf, (size_t)n);
        free(buf);
    } while (n > 0);
    close(fd);
    return NULL;
}

static void *accepts(void *arg)
{
    pthread_t t[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        t[i] = spawn(serves, (void *)(intptr_t)accept4(l, NULL, NULL, SOCK_CLOEXEC));
    for (int i = 0; i < CLIENTS; i++)
        join(t[i]);
    return arg;
}

static void *client(void *arg)
{
    char out[400], in[400];
    int fd = dial(arg);
    for (int i = 0; !stop; i++) {
        memset(out, i, sizeof out);
        send_all(fd, out, sizeof out);
        recv_all(fd, in, sizeof in);
        CHECK(!memcmp(in, out, sizeof in));
        bytes += sizeof in;
    }
    CHECK_EQ(shutdown(fd, SHUT_WR), 0);
    CHECK_EQ(recv(fd, in, 1, 0), 0);
    close(fd);
    return NULL;
}

static void *adds(void *arg)
{
    sleep_ms(1);
    return (void *)((intptr_t)arg + 1);
}

static void *forks(void *arg)
{
    FILE *null = fopen("/dev/null", "w");
    CHECK(null);
    for (int i = 0; i < FORKS; i++) {
        int status;
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            alarm(10);
            free(malloc(100000));
            fprintf(null, "%d\n", i);
            intptr_t sum = 0;
            for (int k = 0; k < 3; k++)
                sum += (intptr_t)join(spawn(adds, (void *)(intptr_t)k));
            CHECK_EQ(sum, 6);
            _exit(40 + i);
        }
        CHECK_EQ(waitpid(pid, &status, 0), pid);
        CHECK_EQ(status, (40 + i) << 8);
    }
    fclose(null);
    return arg;
}

int main(void)
{
    struct sockaddr_in addr;
    pthread_t t[CLIENTS];
    SAFETY_NET();
    l = listener(&addr);
    pthread_t server = spawn(accepts, NULL);
    for (int i = 0; i < CLIENTS; i++)
        t[i] = spawn(client, &addr);
    pthread_t a = spawn(forks, NULL), b = spawn(forks, NULL);
    join(a);
    join(b);
    stop = 1;
    for (int i = 0; i < CLIENTS; i++)
        join(t[i]);
    join(server);
    CHECK(bytes > 0);
    OK("%d children of a server that went on", 2 * FORKS);
    return 0;
}
