/* Sixteen threads write records of up to PIPE_BUF bytes to one pipe: no two
 * records mix (pipe(7)). Must not change: a record is never split, though the
 * pipe is full most of the time and all writers wait. */
#include "util.h"
#include <limits.h>

enum { WRITERS = 16, RECORDS = 300 };
static int p[2];

/* A record: its length in two bytes, then that many of the writer's letter. */
static void *writer(void *arg)
{
    unsigned char buf[PIPE_BUF];
    int letter = *(unsigned char *)arg;
    memset(buf, letter, sizeof buf);
    for (int i = 0; i < RECORDS; i++) {
        unsigned n = 3 + (unsigned)(i * 997 + letter * 131) % (PIPE_BUF - 2);
        memcpy(buf, &(uint16_t){(uint16_t)n}, 2);
        CHECK_EQ(write(p[1], buf, n), n);
    }
    return NULL;
}

static void read_fully(void *to, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = read(p[0], (char *)to + done, n - done);
        CHECK(k > 0);
        done += (size_t)k;
    }
}

static void *reader(void *arg)
{
    unsigned char buf[PIPE_BUF];
    int count[256] = {0};
    for (int i = 0; i < WRITERS * RECORDS; i++) {
        uint16_t n;
        read_fully(&n, 2);
        CHECK(n >= 3 && n <= PIPE_BUF);
        read_fully(buf, n - 2u);
        for (int k = 1; k < n - 2; k++)
            CHECK_EQ(buf[k], buf[0]);
        count[buf[0]]++;
    }
    for (int i = 0; i < WRITERS; i++)
        CHECK_EQ(count['a' + i], RECORDS);
    return arg;
}

int main(void)
{
    pthread_t t[WRITERS];
    static unsigned char letter[WRITERS];
    alarm(20);
    CHECK_EQ(pipe(p), 0);
    for (int i = 0; i < WRITERS; i++) {
        letter[i] = (unsigned char)('a' + i);
        t[i] = spawn(writer, &letter[i]);
    }
    pthread_t r = spawn(reader, NULL);
    for (int i = 0; i < WRITERS; i++)
        join(t[i]);
    join(r);
    must_have_parked("rw", 1);
    OK("%d writers x %d records, none mixed", WRITERS, RECORDS);
}
