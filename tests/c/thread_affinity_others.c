/* Main sets the CPUs of its threads by their handles, whatever each is doing;
 * the new set is there at once, and the thread runs only in it. */
#include "asleep.h"
#include "thread.h"
#include <sched.h>

enum { QUEUED = 20 };

static cpu_set_t allowed, one;
static int cpu;
static struct gate gate;
static atomic_int go, burning, moved;

static void bind_to_one(pthread_t thread)
{
    cpu_set_t got;
    CHECK_EQ(pthread_setaffinity_np(thread, sizeof one, &one), 0);
    CHECK_EQ(pthread_getaffinity_np(thread, sizeof got, &got), 0);
    CHECK(CPU_EQUAL(&got, &one));
}

static void runs_on_one(void)
{
    cpu_set_t got;
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(sched_getcpu(), cpu);
        i % 10 ? (void)sched_yield() : sleep_ms(1);
    }
    CHECK_EQ(sched_getaffinity(0, sizeof got, &got), 0);
    CHECK(CPU_EQUAL(&got, &one));
    CHECK_EQ(sched_getaffinity(gettid(), sizeof got, &got), 0);
    CHECK(CPU_EQUAL(&got, &one));
}

static void *waits(void *pipe_end)
{
    char c;
    enter(&gate);
    CHECK_EQ(read(*(int *)pipe_end, &c, 1), 1);
    runs_on_one();
    return NULL;
}

static void *burns(void *arg)
{
    burning = 1;
    while (!go)
        ;
    /* It may be in the middle of a move. */
    for (int64_t end = now_ms() + 5000; sched_getcpu() != cpu;)
        CHECK(now_ms() < end);
    moved = 1;
    runs_on_one();
    return arg;
}

static void *begins(void *arg)
{
    while (!go)
        sleep_ms(1);
    runs_on_one();
    return arg;
}

static void *ends(void *arg) { return arg; }

int main(void)
{
    SAFETY_NET();
    CHECK_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    for (cpu = CPU_SETSIZE - 1; !CPU_ISSET(cpu, &allowed); cpu--)
        ;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);

    int ends_of[2];
    CHECK_EQ(pipe(ends_of), 0);
    gate_open(&gate, "rw");
    pthread_t p = spawn(waits, ends_of);
    until_asleep(&gate, 1);
    bind_to_one(p);
    CHECK_EQ(write(ends_of[1], "x", 1), 1);
    join(p);
    OK("of one that waits");

    pthread_t b = spawn(burns, NULL);
    while (!burning)
        sched_yield();
    bind_to_one(b);
    go = 1;
    join(b);
    CHECK(moved);
    OK("of one that computes");

    go = 0;
    pthread_t q[QUEUED];
    for (int i = 0; i < QUEUED; i++)
        q[i] = spawn(begins, NULL);
    for (int i = 0; i < QUEUED; i++)
        bind_to_one(q[i]);
    go = 1;
    for (int i = 0; i < QUEUED; i++)
        join(q[i]);
    OK("of twenty that were just made");

    cpu_set_t none, got;
    CPU_ZERO(&none);
    go = 0;
    pthread_t e = spawn(begins, NULL);
    CHECK_EQ(pthread_setaffinity_np(e, sizeof none, &none), EINVAL);
    CHECK_EQ(pthread_getaffinity_np(e, sizeof got, &got), 0);
    CHECK(CPU_EQUAL(&got, &allowed));
    bind_to_one(e);
    go = 1;
    join(e);
    OK("EINVAL for no CPU changes nothing");

    pthread_t f = spawn(ends, NULL);
    sleep_ms(50);
    CHECK_EQ(pthread_setaffinity_np(f, sizeof allowed, &allowed), 0);
    join(f);
    OK("of one that has ended");

    CHECK_EQ(sched_getaffinity(0, sizeof got, &got), 0);
    CHECK(CPU_EQUAL(&got, &allowed));
    OK("main's are as before");
    return 0;
}
