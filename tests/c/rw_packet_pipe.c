/* A pipe in packet mode (O_DIRECT): each write is a packet, each read takes
 * one, the rest of a long one is lost. Must not change: reads wait for a
 * packet, writes for room, and packets do not merge while they queue. */
#include "asleep.h"

static int p[2];
static struct gate gate;

static void *reader(void *arg)
{
    char buf[100];
    enter(&gate);
    for (int i = 1; i <= 50; i++)
        CHECK_EQ(read(p[0], buf, sizeof buf), i);
    CHECK_EQ(read(p[0], buf, 3), 3);
    CHECK_EQ(read(p[0], buf, sizeof buf), 4);
    CHECK(memcmp(buf, "last", 4) == 0);
    CHECK_EQ(read(p[0], buf, sizeof buf), 0);
    return arg;
}

int main(void)
{
    char buf[100] = "";
    alarm(20);
    CHECK_EQ(pipe2(p, O_DIRECT), 0);
    gate_open(&gate, "rw");
    pthread_t t = spawn(reader, NULL);
    until_asleep(&gate, 1);
    for (int i = 1; i <= 50; i++)
        CHECK_EQ(write(p[1], buf, (size_t)i), i);
    CHECK_EQ(write(p[1], "too long", 8), 8);
    CHECK_EQ(write(p[1], "last", 4), 4);
    close(p[1]);
    join(t);
    must_have_parked("rw", 1);
    OK("a packet a read");
}
