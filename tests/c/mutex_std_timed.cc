// recursive_timed_mutex, std::lock, and the clocks of timed locks.
#include "thread.h"
#include <atomic>
#include <chrono>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using std::chrono::system_clock;

template <class M> static void times_out(M &m)
{
    auto start = steady_clock::now();
    CHECK(!m.try_lock_until(start + 10ms));
    CHECK(steady_clock::now() >= start + 10ms);
    auto wall = system_clock::now() + 5ms;
    CHECK(!m.try_lock_until(wall));
    CHECK(!m.try_lock_until(start - 1s));
    CHECK(!m.try_lock_for(0s));
    CHECK(!m.try_lock_for(-1s));
    CHECK(!m.try_lock());
}

template <class M> static void waits_in_time(const char *name, const char *family)
{
    constexpr int THREADS = 20;
    M m;
    std::atomic<int> held{0};
    long sum = 0;
    m.lock();
    std::thread([&] { times_out(m); }).join();
    unsigned long before = preloaded() ? iopatch_counter((std::string("parks.") + family).c_str()) : 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < THREADS; i++)
        threads.emplace_back([&, i] {
            CHECK(i % 2 ? m.try_lock_for(20s) : m.try_lock_until(system_clock::now() + 20s));
            CHECK_EQ(++held, 1);
            std::this_thread::yield();
            sum++;
            held--;
            m.unlock();
        });
    until_parked(family, before + THREADS);
    m.unlock();
    for (auto &t : threads)
        t.join();
    OK("%s: %ld in time", name, sum);
}

int main()
{
    SAFETY_NET();
    waits_in_time<std::timed_mutex>("timed_mutex", "mutex");
    waits_in_time<std::recursive_timed_mutex>("recursive_timed_mutex", "mutex");
    waits_in_time<std::shared_timed_mutex>("shared_timed_mutex", "rwlock");

    std::recursive_timed_mutex deep;
    std::thread([&] {
        for (int i = 0; i < 100; i++)
            CHECK(deep.try_lock_for(1s));
        std::thread([&] { times_out(deep); }).join();
        for (int i = 0; i < 100; i++)
            deep.unlock();
        std::thread([&] {
            CHECK(deep.try_lock());
            deep.unlock();
        }).join();
    }).join();
    OK("recursive");

    std::mutex a, b, c;
    long sum = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 12; t++)
        threads.emplace_back([&, t] {
            std::mutex *m[] = {&a, &b, &c};
            for (int i = 0; i < 100; i++) {
                std::unique_lock x(*m[t % 3], std::defer_lock), y(*m[(t + 1) % 3], std::defer_lock),
                    z(*m[(t + 2) % 3], std::defer_lock);
                std::lock(x, y, z);
                long was = sum;
                if (i % 20 == 0)
                    std::this_thread::sleep_for(10us);
                sum = was + 1;
            }
        });
    for (auto &t : threads)
        t.join();
    OK("std::lock of three: %ld", sum);
    return 0;
}
