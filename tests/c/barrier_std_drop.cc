// std::barrier whose threads leave one after the other, std::latch counted down
// by others than those who wait, and arrival apart from waiting.
#include "thread.h"
#include <atomic>
#include <barrier>
#include <chrono>
#include <latch>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

int main()
{
    SAFETY_NET();
    constexpr int THREADS = 20;
    std::atomic<int> phases{0}, alive{THREADS};
    std::vector<int> seen(THREADS);
    auto check = [&]() noexcept {
        int n = 0;
        for (int i = phases; i < THREADS; i++)
            n += seen[i] == phases + 1;
        CHECK_EQ(n, THREADS - phases); // all who are left have come
        phases++;
    };
    std::barrier leave(THREADS, check);
    std::vector<std::thread> threads;
    for (int t = 0; t < THREADS; t++)
        threads.emplace_back([&, t] {
            for (int i = 0; i <= t; i++) { // thread t takes part in t + 1 phases
                if (t % 5 == 0)
                    std::this_thread::sleep_for(100us);
                seen[t]++;
                if (i < t)
                    leave.arrive_and_wait();
            }
            alive--;
            leave.arrive_and_drop();
        });
    for (auto &t : threads)
        t.join();
    OK("%d phases, %d left", phases.load(), alive.load());

    std::latch work(THREADS), over(1);
    std::atomic<int> done{0}, through{0};
    threads.clear();
    for (int t = 0; t < THREADS; t++)
        threads.emplace_back([&] {
            done++;
            work.count_down();
            over.wait();
            through++;
        });
    work.wait();
    CHECK_EQ(done, THREADS);
    CHECK(work.try_wait() && !over.try_wait());
    until_parked("futex", THREADS / 2);
    CHECK_EQ(through, 0);
    over.count_down();
    for (auto &t : threads)
        t.join();
    OK("latch: %d through", through.load());

    std::barrier<> step(2);
    std::atomic<int> turn{0};
    std::thread other([&] {
        for (int i = 0; i < 200; i++) {
            auto token = step.arrive();
            turn++; // on the way, while the other may wait already
            step.wait(std::move(token));
        }
    });
    for (int i = 0; i < 200; i++)
        step.arrive_and_wait();
    other.join();
    OK("%d arrivals", turn.load());
    return 0;
}
