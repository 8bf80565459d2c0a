/* cflags: -Wno-infinite-recursion */
// pthread_exit runs the destructors of the C++ objects on the stack, through
// deep frames and catch blocks, and exceptions in threads stay where they are.
#include "thread.h"
#include <stdexcept>
#include <string>
#include <vector>

static int alive;

struct Counted {
    Counted() { __atomic_fetch_add(&alive, 1, __ATOMIC_SEQ_CST); }
    ~Counted()
    {
        sleep_ms(1); // a destructor may wait
        __atomic_fetch_sub(&alive, 1, __ATOMIC_SEQ_CST);
    }
};

static void leave(int frames)
{
    Counted here;
    if (frames > 0)
        leave(frames - 1);
    else
        pthread_exit(&alive);
}

static void *exits(void *)
{
    Counted here;
    try {
        leave(10);
    } catch (const std::exception &) {
        CHECK(!"a forced unwind is no std::exception");
    }
    CHECK(!"never here");
    return nullptr;
}

static void *throws(void *arg)
{
    int caught = 0;
    for (int i = 0; i < 20; i++)
        try {
            Counted here;
            sched_yield();
            throw std::runtime_error(std::to_string(i));
        } catch (const std::exception &e) {
            sleep_ms(1); // other threads throw while this one is in its handler
            caught += std::stoi(e.what()) == i;
            CHECK_EQ(std::uncaught_exceptions(), 0);
        }
    CHECK_EQ(caught, 20);
    return arg;
}

int main()
{
    SAFETY_NET();
    CHECK(join(spawn(exits, nullptr)) == &alive);
    CHECK_EQ(alive, 0);
    OK("pthread_exit runs destructors");

    std::vector<pthread_t> threads;
    for (int i = 0; i < 20; i++)
        threads.push_back(spawn(throws, nullptr));
    for (pthread_t t : threads)
        join(t);
    CHECK_EQ(alive, 0);
    OK("20 threads throw, catch and wait in their handlers");
    most_parked("time", 400);
    return 0;
}
