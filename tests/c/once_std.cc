// std::call_once and function-local statics: made once among many threads, by
// whoever does not throw.
#include "thread.h"
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

static std::atomic<int> made, attempts, caught;

struct Slow {
    int value;
    Slow() : value(42)
    {
        sleep_ms(5);
        made++;
    }
};

static Slow &the_slow()
{
    static Slow s;
    return s;
}

static int throws_twice()
{
    sleep_ms(2);
    if (++attempts <= 2)
        throw std::runtime_error("not yet");
    return 7;
}

static int the_thrower()
{
    static int value = throws_twice();
    return value;
}

int main()
{
    SAFETY_NET();
    constexpr int THREADS = 20;
    std::once_flag flag;
    std::atomic<int> runs{0}, done{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < THREADS; i++)
        threads.emplace_back([&] {
            std::call_once(flag, [&](int n) {
                runs += n;
                sleep_ms(5);
                done = 1;
            }, 1);
            CHECK_EQ(done, 1);
            CHECK_EQ(the_slow().value, 42);
            for (;;)
                try {
                    CHECK_EQ(the_thrower(), 7);
                    break;
                } catch (const std::runtime_error &) {
                    caught++;
                }
        });
    for (auto &t : threads)
        t.join();
    OK("call_once: %d run", runs.load());
    OK("a static: made %d time", made.load());
    OK("a static that throws: %d attempts, %d caught", attempts.load(), caught.load());
    most_parked("time", 5);
    return 0;
}
