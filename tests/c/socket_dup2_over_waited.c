/* dup2() over a descriptor in which another thread waits: the wait stays with
 * the old open file. Must not change: calls that start afterwards use the new
 * one, wherever data comes first. */
#include "asleep.h"

static int a[2], b[2], number;
static struct gate gate;

static void *receiver(void *arg)
{
    char c = 0;
    enter(&gate);
    CHECK_EQ(recv(number, &c, 1, 0), 1);
    CHECK_EQ(c, *(char *)arg);
    return NULL;
}

int main(void)
{
    static char from_a = 'a', from_b = 'b';
    alarm(20);
    tcp_pair(a);
    tcp_pair(b);
    number = a[0];
    gate_open(&gate, "socket");
    pthread_t old = spawn(receiver, &from_a);
    until_asleep(&gate, 1);
    CHECK_EQ(dup2(b[0], number), number);

    gate_open(&gate, "socket");
    pthread_t new = spawn(receiver, &from_b);
    until_asleep(&gate, 1);
    CHECK_EQ(send(b[1], "b", 1, 0), 1);
    join(new);
    CHECK_EQ(pthread_tryjoin_np(old, NULL), EBUSY);
    OK("a recv that starts after dup2 gets the new file's data");
    CHECK_EQ(send(a[1], "a", 1, 0), 1);
    join(old);
    must_have_parked("socket", 2);
    OK("the recv that started before gets the old file's");

    tcp_pair(a);
    number = a[0];
    gate_open(&gate, "socket");
    old = spawn(receiver, &from_a);
    until_asleep(&gate, 1);
    CHECK_EQ(dup3(b[0], number, O_CLOEXEC), number);
    gate_open(&gate, "socket");
    new = spawn(receiver, &from_b);
    until_asleep(&gate, 1);
    CHECK_EQ(send(a[1], "a", 1, 0), 1);
    join(old);
    CHECK_EQ(pthread_tryjoin_np(new, NULL), EBUSY);
    CHECK_EQ(send(b[1], "b", 1, 0), 1);
    join(new);
    must_have_parked("socket", 4);
    OK("dup3 the same, with the old file's data first");
}
