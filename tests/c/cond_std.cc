// std::condition_variable, condition_variable_any and waits with a deadline,
// among std::threads and main.
#include "thread.h"
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

int main()
{
    SAFETY_NET();
    constexpr int THREADS = 20;
    std::mutex m;
    std::condition_variable c, done;
    int arrived = 0, woken = 0;
    bool go = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < THREADS; i++)
        threads.emplace_back([&] {
            std::unique_lock lock(m);
            arrived++;
            done.notify_one();
            c.wait(lock, [&] { return go; });
            woken++;
        });
    {
        std::unique_lock lock(m);
        done.wait(lock, [&] { return arrived == THREADS; });
        CHECK_EQ(woken, 0);
        go = true;
        c.notify_all();
    }
    for (auto &t : threads)
        t.join();
    OK("%d woken", woken);
    most_parked("cond", THREADS);

    std::thread([&] {
        std::unique_lock lock(m);
        auto start = std::chrono::steady_clock::now();
        CHECK(!c.wait_for(lock, 20ms, [] { return false; }));
        CHECK(std::chrono::steady_clock::now() - start >= 20ms);
        auto wall = std::chrono::system_clock::now() + 10ms;
        CHECK(!c.wait_until(lock, wall, [] { return false; }));
        CHECK(lock.owns_lock());
    }).join();
    OK("wait_for and wait_until");

    std::recursive_mutex r;
    std::condition_variable_any any;
    int ball = 0;
    auto play = [&](int me) {
        for (int i = 0; i < 200; i++) {
            std::unique_lock lock(r);
            any.wait(lock, [&] { return ball % 2 == me; });
            ball++;
            any.notify_all();
        }
    };
    std::thread other(play, 1);
    play(0);
    other.join();
    OK("%d passes by condition_variable_any", ball);
    return 0;
}
