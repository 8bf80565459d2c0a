// std::thread, jthread with stop tokens, async, promises and packaged tasks:
// values and exceptions get to who waits for them.
#include "thread.h"
#include <atomic>
#include <chrono>
#include <future>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

static long sum(const int *from, const int *to)
{
    if (to - from < 1000)
        return std::accumulate(from, to, 0L);
    const int *middle = from + (to - from) / 2;
    auto left = std::async(std::launch::async, sum, from, middle);
    long right = sum(middle, to);
    return left.get() + right;
}

int main()
{
    SAFETY_NET();
    std::vector<int> numbers(50000);
    std::iota(numbers.begin(), numbers.end(), 1);
    OK("async: %ld", sum(numbers.data(), numbers.data() + numbers.size()));

    auto thrown = std::async(std::launch::async, []() -> int {
        std::this_thread::sleep_for(2ms);
        throw std::runtime_error("thrown in a thread");
    });
    try {
        thrown.get();
    } catch (const std::runtime_error &e) {
        OK("async: %s", e.what());
    }

    std::promise<int> promise;
    auto future = promise.get_future();
    CHECK(future.wait_for(5ms) == std::future_status::timeout);
    std::thread keeps([&] {
        std::this_thread::sleep_for(2ms);
        promise.set_value_at_thread_exit(5);
    });
    OK("promise: %d", future.get());
    keeps.join();

    std::atomic<int> rounds{0};
    {
        std::jthread loops([&](std::stop_token stop) {
            while (!stop.stop_requested()) {
                rounds++;
                std::this_thread::sleep_for(1ms);
            }
        });
        std::this_thread::sleep_for(10ms);
        while (rounds == 0)
            std::this_thread::yield();
    }
    CHECK(rounds > 0);
    OK("jthread stops and is joined");

    std::set<std::thread::id> ids;
    std::vector<std::thread> threads;
    for (int i = 0; i < 50; i++)
        threads.emplace_back([] { std::this_thread::sleep_for(2ms); });
    for (auto &t : threads)
        ids.insert(t.get_id());
    for (auto &t : threads)
        t.join();
    OK("%zu ids", ids.size());
    CHECK(std::thread::hardware_concurrency() > 0);
    most_parked("time", 50);
    return 0;
}
