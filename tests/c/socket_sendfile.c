/* sendfile to a stream that fills up goes on until all is sent, splice moves
 * between pipe and socket and waits for either, tee copies without eating.
 * Must not change: the file's offset when an offset is given, and the bytes. */
#include "asleep.h"
#include <sys/mman.h>
#include <sys/sendfile.h>

enum { TOTAL = 8 << 20 };
static int end[2], file;
static struct gate gate;
static char data[TOTAL], got[TOTAL];

static void *send_file(void *arg)
{
    off_t at = 0;
    enter(&gate);
    while (at < TOTAL) {
        ssize_t n = sendfile(end[0], file, &at, (size_t)(TOTAL - at));
        CHECK(n > 0);
    }
    CHECK_EQ(lseek(file, 0, SEEK_CUR), 0);
    return arg;
}

static int p[2], q[2];

static void *through_pipe(void *arg)
{
    ssize_t n;
    enter(&gate);
    while ((n = splice(end[0], NULL, p[1], NULL, 65536, 0)) > 0)
        while (n > 0) {
            ssize_t k = tee(p[0], q[1], (size_t)n, 0);
            CHECK(k > 0);
            ssize_t out = splice(p[0], NULL, end[0], NULL, (size_t)k, 0);
            CHECK_EQ(out, k);
            n -= k;
        }
    CHECK_EQ(n, 0);
    close(q[1]);
    return arg;
}

static void *drain(void *arg)
{
    char buf[5000];
    ssize_t n, total = 0;
    while ((n = read(q[0], buf, sizeof buf)) > 0)
        for (ssize_t i = 0; i < n; i++, total++)
            CHECK_EQ(buf[i], data[total]);
    CHECK_EQ(total, TOTAL);
    return arg;
}

static void *feed(void *arg)
{
    send_all(end[1], data, TOTAL);
    CHECK_EQ(shutdown(end[1], SHUT_WR), 0);
    return arg;
}

int main(void)
{
    alarm(20);
    for (size_t i = 0; i < TOTAL; i++)
        data[i] = (char)(i * 2654435761u >> 15);
    file = memfd_create("data", 0);
    for (size_t at = 0; at < TOTAL; at += 1 << 20)
        CHECK_EQ(pwrite(file, data + at, 1 << 20, (off_t)at), 1 << 20);
    tcp_pair(end);
    gate_open(&gate, "socket");
    pthread_t t = spawn(send_file, NULL);
    until_asleep(&gate, 1);
    recv_all(end[1], got, TOTAL);
    join(t);
    CHECK(memcmp(got, data, TOTAL) == 0);
    OK("sendfile waits for room");

    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(pipe(q), 0);
    gate_open(&gate, "socket");
    t = spawn(through_pipe, NULL);
    until_asleep(&gate, 1);
    pthread_t u = spawn(drain, NULL), w = spawn(feed, NULL);
    recv_all(end[1], memset(got, 0, TOTAL), TOTAL);
    join(t), join(u), join(w);
    CHECK(memcmp(got, data, TOTAL) == 0);
    must_have_parked("socket", 2);
    OK("splice and tee wait for data and for room");
}
