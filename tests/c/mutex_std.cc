// std::mutex, recursive_mutex, timed_mutex and scoped_lock among std::threads.
#include "thread.h"
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

int main()
{
    SAFETY_NET();
    constexpr int THREADS = 16, ROUNDS = 200;
    std::vector<std::thread> threads;
    std::mutex a, b;
    std::recursive_mutex deep;
    long sum = 0, other = 0;
    for (int t = 0; t < THREADS; t++)
        threads.emplace_back([&, t] {
            for (int i = 0; i < ROUNDS; i++) {
                { // both orders: scoped_lock must not deadlock
                    std::scoped_lock lock(t % 2 ? a : b, t % 2 ? b : a);
                    long was = sum;
                    if (i % 20 == 0)
                        std::this_thread::sleep_for(10us);
                    sum = was + 1;
                }
                std::lock_guard outer(deep);
                std::lock_guard inner(deep);
                other++;
            }
        });
    for (auto &t : threads)
        t.join();
    CHECK_EQ(sum, THREADS * ROUNDS);
    CHECK_EQ(other, THREADS * ROUNDS);
    OK("sums are exact");

    std::timed_mutex timed;
    timed.lock();
    std::thread([&] {
        auto start = std::chrono::steady_clock::now();
        CHECK(!timed.try_lock_for(20ms));
        CHECK(std::chrono::steady_clock::now() - start >= 20ms);
        CHECK(!timed.try_lock_until(std::chrono::system_clock::now() + 10ms));
        CHECK(!timed.try_lock());
    }).join();
    std::thread waits([&] {
        CHECK(timed.try_lock_for(20s));
        timed.unlock();
    });
    std::this_thread::sleep_for(20ms);
    timed.unlock();
    waits.join();
    OK("timed_mutex");
    must_have_parked("mutex", 2);
    most_parked("time", 10 * THREADS);
    return 0;
}
