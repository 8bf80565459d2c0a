// std::shared_mutex and shared_timed_mutex: shared and exclusive locks among
// std::threads.
#include "thread.h"
#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

int main()
{
    SAFETY_NET();
    constexpr int THREADS = 12, ROUNDS = 100;
    std::shared_mutex l;
    long a = 0, b = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < THREADS; t++)
        threads.emplace_back([&, t] {
            for (int i = 0; i < ROUNDS; i++)
                if (t % 4 == 0) {
                    std::unique_lock lock(l);
                    a++;
                    std::this_thread::sleep_for(10us);
                    b++;
                } else {
                    std::shared_lock lock(l);
                    long was = a;
                    std::this_thread::yield();
                    CHECK_EQ(b, was);
                }
        });
    for (auto &t : threads)
        t.join();
    OK("%ld writes", a);

    std::shared_timed_mutex timed;
    timed.lock_shared();
    std::thread([&] {
        CHECK(timed.try_lock_shared());
        timed.unlock_shared();
        auto start = std::chrono::steady_clock::now();
        CHECK(!timed.try_lock_for(20ms));
        CHECK(std::chrono::steady_clock::now() - start >= 20ms);
    }).join();
    must_have_parked("rwlock", 1);
    std::thread waits([&] {
        CHECK(timed.try_lock_for(20s));
        timed.unlock();
    });
    std::this_thread::sleep_for(10ms);
    timed.unlock_shared();
    waits.join();
    OK("shared_timed_mutex");
    return 0;
}
