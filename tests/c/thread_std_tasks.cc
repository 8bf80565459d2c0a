// packaged_task, shared_future, deferred async, broken promises: what waits for
// a result gets it, from a thread that had to wait itself.
#include "thread.h"
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

class Pool {
    std::mutex m;
    std::condition_variable c;
    std::deque<std::packaged_task<int()>> tasks;
    bool over = false;
    std::vector<std::thread> threads;

    void work()
    {
        for (;;) {
            std::unique_lock lock(m);
            c.wait(lock, [&] { return over || !tasks.empty(); });
            if (tasks.empty())
                return;
            auto task = std::move(tasks.front());
            tasks.pop_front();
            lock.unlock();
            task();
        }
    }

public:
    explicit Pool(int n)
    {
        for (int i = 0; i < n; i++)
            threads.emplace_back([this] { work(); });
    }
    ~Pool()
    {
        {
            std::lock_guard lock(m);
            over = true;
        }
        c.notify_all();
        for (auto &t : threads)
            t.join();
    }
    std::future<int> give(std::function<int()> f)
    {
        std::packaged_task<int()> task(std::move(f));
        auto future = task.get_future();
        {
            std::lock_guard lock(m);
            tasks.push_back(std::move(task));
        }
        c.notify_one();
        return future;
    }
};

int main()
{
    SAFETY_NET();
    constexpr int TASKS = 400;
    std::vector<std::future<int>> futures;
    long sum = 0, thrown = 0;
    {
        Pool pool(8);
        until_parked("cond", 8);
        for (int i = 0; i < TASKS; i++)
            futures.push_back(pool.give([i] {
                if (i % 10 == 0)
                    std::this_thread::sleep_for(1ms);
                if (i % 4 == 3)
                    throw std::out_of_range("every fourth");
                return i;
            }));
        for (auto &f : futures)
            try {
                sum += f.get();
            } catch (const std::out_of_range &) {
                thrown++;
            }
    }
    OK("a pool: %d tasks, sum %ld, %ld thrown", TASKS, sum, thrown);

    std::promise<int> promise;
    std::shared_future<int> shared = promise.get_future().share();
    std::vector<std::future<int>> waiters;
    for (int i = 0; i < 20; i++)
        waiters.push_back(std::async(std::launch::async, [shared] { return shared.get(); }));
    until_parked("futex", 20);
    promise.set_value(3);
    sum = 0;
    for (auto &w : waiters)
        sum += w.get();
    OK("shared_future: %ld", sum);

    auto deferred = std::async(std::launch::deferred, [] { return std::this_thread::get_id(); });
    CHECK(deferred.wait_for(0ms) == std::future_status::deferred);
    CHECK(deferred.get() == std::this_thread::get_id());
    OK("deferred runs in its waiter");

    std::future<void> orphan;
    std::thread([&] {
        std::promise<void> broken;
        orphan = broken.get_future();
        std::this_thread::sleep_for(2ms);
    }).join();
    try {
        orphan.get();
    } catch (const std::future_error &e) {
        CHECK(e.code() == std::future_errc::broken_promise);
        OK("a broken promise");
    }

    // The value is there only after the thread's own objects are gone.
    static std::atomic<bool> gone{false};
    struct Last {
        ~Last()
        {
            std::this_thread::sleep_for(10ms);
            gone = true;
        }
    };
    std::packaged_task<int()> late([] {
        static thread_local Last last;
        (void)&last;
        return 9;
    });
    auto result = late.get_future();
    std::thread runs([&] { late.make_ready_at_thread_exit(); });
    CHECK_EQ(result.get(), 9);
    CHECK(gone);
    runs.join();
    OK("make_ready_at_thread_exit");

    std::mutex m;
    std::condition_variable c;
    bool ready = false;
    gone = false;
    std::unique_lock lock(m);
    std::thread notifies([&] {
        static thread_local Last last;
        (void)&last;
        std::unique_lock mine(m);
        ready = true;
        std::notify_all_at_thread_exit(c, std::move(mine));
    });
    c.wait(lock, [&] { return ready; });
    CHECK(gone);
    lock.unlock();
    notifies.join();
    OK("notify_all_at_thread_exit");
    return 0;
}
