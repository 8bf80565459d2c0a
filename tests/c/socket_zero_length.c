/* A read of zero bytes from a stream returns zero at once, data or not. Must
 * not change: it is no end of file, and it does not eat what is there. */
#include "util.h"

static int end[2];

static void *story(void *arg)
{
    char c;
    (void)arg;
    CHECK_EQ(read(end[0], &c, 0), 0);
    CHECK_EQ(write(end[0], &c, 0), 0);
    CHECK_EQ(send(end[0], &c, 0, 0), 0);
    OK("nothing there: read, write and send of 0 return at once");

    CHECK_EQ(send(end[1], "x", 1, 0), 1);
    CHECK_EQ(read(end[0], &c, 0), 0);
    CHECK_EQ(recv(end[0], &c, 0, 0), 0);
    CHECK_EQ(recv(end[0], &c, 1, 0), 1);
    CHECK_EQ(c, 'x');
    OK("data there: it stays for the real read");
    return NULL;
}

static void *pipe_story(void *arg)
{
    int p[2];
    char c;
    (void)arg;
    CHECK_EQ(pipe(p), 0);
    CHECK_EQ(read(p[0], &c, 0), 0);
    CHECK_EQ(write(p[1], &c, 0), 0);
    CHECK_EQ(write(p[1], "x", 1), 1);
    CHECK_EQ(read(p[0], &c, 0), 0);
    CHECK_EQ(read(p[0], &c, 1), 1);
    OK("the same on a pipe");
    return NULL;
}

int main(void)
{
    alarm(20);
    tcp_pair(end);
    join(spawn(story, NULL));
    join(spawn(pipe_story, NULL));
}
