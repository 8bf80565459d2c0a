// Stop tokens: they end waits of condition_variable_any, run callbacks, and
// are shared by many jthreads; a jthread's destructor asks and joins.
#include "thread.h"
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

int main()
{
    SAFETY_NET();
    constexpr int THREADS = 30;
    std::mutex m;
    std::condition_variable_any c;
    std::atomic<int> stopped{0}, signalled{0}, called{0};
    bool go = false;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < THREADS; i++)
            threads.emplace_back([&](std::stop_token stop) {
                std::unique_lock lock(m);
                (c.wait(lock, stop, [&] { return go; }) ? signalled : stopped)++;
                CHECK(lock.owns_lock());
            });
        until_parked("cond", THREADS);
    } // asks and joins one after the other
    OK("%d stopped, %d signalled", stopped.load(), signalled.load());

    std::stop_source source;
    std::vector<std::thread> threads;
    for (int i = 0; i < THREADS; i++)
        threads.emplace_back([&, stop = source.get_token()] {
            std::atomic<bool> mine{false};
            std::stop_callback call(stop, [&] {
                std::this_thread::sleep_for(100us);
                called++;
                mine = true;
                mine.notify_one();
            });
            {
                std::unique_lock lock(m);
                CHECK(!c.wait_until(lock, stop, std::chrono::steady_clock::now() + 20s, [&] { return go; }));
                CHECK(stop.stop_requested());
            }
            mine.wait(false); // one that is taken back in time is not called
        });
    until_parked("cond", 2 * THREADS);
    CHECK(source.request_stop());
    CHECK(!source.request_stop());
    for (auto &t : threads)
        t.join();
    OK("%d callbacks", called.load());

    // One who takes its callback back while it runs waits for its end.
    std::stop_source slow;
    std::atomic<int> steps{0};
    std::jthread asks;
    {
        std::stop_callback call(slow.get_token(), [&] {
            steps = 1;
            std::this_thread::sleep_for(20ms);
            steps = 2;
        });
        asks = std::jthread([&] { slow.request_stop(); });
        while (steps == 0)
            std::this_thread::yield();
    }
    CHECK_EQ(steps, 2);
    asks.join();
    OK("a callback is waited for");

    std::jthread waits([&](std::stop_token stop) {
        std::unique_lock lock(m);
        CHECK(c.wait_for(lock, stop, 20s, [&] { return go; }));
    });
    until_parked("cond", 2 * THREADS + 1);
    {
        std::lock_guard lock(m);
        go = true;
    }
    c.notify_all();
    waits.join();
    CHECK(!waits.get_stop_token().stop_requested());
    OK("signalled, not stopped");
    return 0;
}
