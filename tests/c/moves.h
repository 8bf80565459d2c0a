/* Threads that make each other move between OS threads: half of them sit in calls that block, which no scheduler sees, and
 * the rest give way and sleep. */
#ifndef MOVES_H
#define MOVES_H
#include "thread.h"
#include <stdbool.h>
#include <sys/syscall.h>

enum { MOVERS = 6 };
static atomic_bool moves_over;
static pthread_t movers[MOVERS];

static void *mover(void *arg)
{
    struct timespec moment = {.tv_nsec = 300000};
    while (!moves_over)
        if ((long)arg % 2) {
            syscall(SYS_nanosleep, &moment, NULL);
            sched_yield();
        } else {
            for (volatile int i = 0; i < 100000; i++)
                ;
            sleep_ms(1);
        }
    return NULL;
}

static inline void begin_moves(void)
{
    for (long i = 0; i < MOVERS; i++)
        movers[i] = spawn(mover, (void *)i);
}

static inline void end_moves(void)
{
    moves_over = true;
    for (int i = 0; i < MOVERS; i++)
        join(movers[i]);
}

/* Lets the others run, in one way or the other. */
static inline void move_on(int turn)
{
    turn % 4 ? (void)sched_yield() : sleep_ms(1);
}
#endif
