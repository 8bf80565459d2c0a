// std::atomic wait and notify of C++20: for words of 4 bytes, which wait on
// themselves, and of other sizes, which wait on one of the library's own.
#include "thread.h"
#include <atomic>
#include <thread>
#include <vector>

template <class T> static void relay(const char *name)
{
    constexpr int ROUNDS = 1000;
    std::atomic<T> baton{0};
    auto run = [&](T me) {
        for (int i = 0; i < ROUNDS; i++) {
            baton.wait(T(!me));
            baton = T(!me);
            baton.notify_one();
        }
    };
    std::thread one([&] { run(1); });
    run(0);
    one.join();
    std::thread two([&] { run(1); }), three([&] { run(0); });
    two.join();
    three.join();
    OK("%s", name);
}

int main()
{
    SAFETY_NET();
    relay<int>("4 bytes");
    relay<char>("1 byte");
    relay<long>("8 bytes");

    constexpr int THREADS = 20;
    std::atomic<int> go{0}, woken{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < THREADS; i++)
        threads.emplace_back([&] {
            go.wait(0);
            CHECK_EQ(go.load(), 1);
            woken++;
        });
    until_parked("futex", THREADS);
    CHECK_EQ(woken, 0);
    go = 1;
    go.notify_all();
    for (auto &t : threads)
        t.join();
    OK("%d woken by notify_all", woken.load());

    std::atomic_flag flag = ATOMIC_FLAG_INIT;
    std::thread waits([&] { flag.wait(false); });
    flag.test_and_set();
    flag.notify_all();
    waits.join();
    OK("atomic_flag");
    return 0;
}
