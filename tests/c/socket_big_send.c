/* One send() of 100 MB returns 100 MB: it goes on until all is sent, however
 * little the peer takes at a time. Must not change: a byte or its place. */
#include "util.h"
#include <sys/mman.h>

enum { TOTAL = 100000000 };
static int end[2];
static uint32_t *data;

static void *sender(void *arg)
{
    (void)arg;
    CHECK_EQ(send(end[0], data, TOTAL, 0), TOTAL);
    CHECK_EQ(shutdown(end[0], SHUT_WR), 0);
    return NULL;
}

static void *taker(void *arg)
{
    static char buf[60000];
    size_t done = 0, step = 1;
    (void)arg;
    for (ssize_t n; (n = recv(end[1], buf, step, 0)) != 0; done += (size_t)n) {
        CHECK(n > 0);
        CHECK(memcmp(buf, (char *)data + done, (size_t)n) == 0);
        step = step * 7 % 59999 + 1;
    }
    CHECK_EQ(done, TOTAL);
    return NULL;
}

int main(void)
{
    alarm(30);
    data = mmap(NULL, TOTAL, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(data != MAP_FAILED);
    for (uint32_t i = 0; i < TOTAL / 4; i++)
        data[i] = i * 2654435761u;
    tcp_pair(end);
    pthread_t t = spawn(sender, NULL), u = spawn(taker, NULL);
    join(t), join(u);
    must_have_parked("socket", 2);
    OK("100 MB in one send, checked byte by byte");
}
