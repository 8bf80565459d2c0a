/* SO_SNDTIMEO: a send to a full socket ends after the time: EAGAIN when
 * nothing went out, the count when a part did. Must not change: every byte
 * that was counted arrives, in order, and no other. */
#include "asleep.h"

static int end[2];
static char block[1 << 20];

static void *story(void *arg)
{
    struct timeval tv = {0, 30000};
    (void)arg;
    CHECK_EQ(setsockopt(end[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv), 0);
    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)(i * 31 >> 3);

    int64_t start = now_ns();
    ssize_t part = send(end[0], block, sizeof block, 0);
    CHECK(part > 0 && part < (ssize_t)sizeof block);
    CHECK_TIMEO(start, 30);
    OK("a part went out: its count, after the time");

    start = now_ns();
    CHECK_ERRNO(send(end[0], "x", 1, 0), EAGAIN);
    CHECK_TIMEO(start, 30);
    start = now_ns();
    CHECK_ERRNO(write(end[0], "x", 1), EAGAIN);
    CHECK_TIMEO(start, 30);
    OK("nothing went out: EAGAIN, after the time");

    close(end[0]);
    static char got[sizeof block];
    ssize_t total = 0;
    for (ssize_t n; (n = recv(end[1], got + total, sizeof got - total, 0)) > 0;)
        total += n;
    CHECK_EQ(total, part);
    CHECK(memcmp(got, block, (size_t)part) == 0);
    OK("what was counted has arrived");
    return NULL;
}

int main(void)
{
    alarm(20);
    CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end), 0);
    join(spawn(story, NULL));
    must_have_parked("socket", 2);
}
