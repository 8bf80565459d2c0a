// std::counting_semaphore, latch and barrier of C++20 among std::threads.
#include "thread.h"
#include <atomic>
#include <barrier>
#include <chrono>
#include <latch>
#include <semaphore>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

int main()
{
    SAFETY_NET();
    constexpr int THREADS = 10, ROUNDS = 100;
    std::counting_semaphore<8> room(3);
    std::latch started(THREADS + 1);
    std::atomic<int> inside{0}, phase{0};
    std::barrier step(THREADS, [&]() noexcept { phase++; });
    std::vector<std::thread> threads;
    for (int t = 0; t < THREADS; t++)
        threads.emplace_back([&] {
            started.arrive_and_wait();
            for (int i = 0; i < ROUNDS; i++) {
                room.acquire();
                CHECK(++inside <= 3);
                if (i % 20 == 0)
                    std::this_thread::sleep_for(100us);
                inside--;
                room.release();
            }
            for (int i = 0; i < ROUNDS; i++) {
                step.arrive_and_wait();
                CHECK_EQ(phase, 2 * i + 1); // nobody is in the next phase yet
                step.arrive_and_wait();
            }
        });
    started.arrive_and_wait();
    for (auto &t : threads)
        t.join();
    OK("semaphore, latch, barrier: %d phases", phase.load());
    std::binary_semaphore never(0);
    std::thread([&] {
        auto start = std::chrono::steady_clock::now();
        CHECK(!never.try_acquire_for(20ms));
        CHECK(std::chrono::steady_clock::now() - start >= 20ms);
        CHECK(!never.try_acquire());
    }).join();
    OK("try_acquire_for");
    return 0;
}
