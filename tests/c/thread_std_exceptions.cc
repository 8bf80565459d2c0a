// Exceptions in threads that wait in the middle of them: each has its own
// stack of caught ones; they get to other threads by exception_ptr; one that
// nobody catches is std::terminate for the process.
#include "thread.h"
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

constexpr int THREADS = 30;
static std::atomic<int> unwound;

struct SleepsAsItGoes {
    int uncaught = std::uncaught_exceptions();
    ~SleepsAsItGoes()
    {
        CHECK_EQ(std::uncaught_exceptions(), uncaught + 1);
        std::this_thread::sleep_for(500us);
        CHECK_EQ(std::uncaught_exceptions(), uncaught + 1);
        unwound++;
    }
};

static void throws(int me, int depth)
{
    SleepsAsItGoes object;
    if (depth == 0)
        throw std::runtime_error("thread " + std::to_string(me));
    throws(me, depth - 1);
}

static void catches(int me, std::exception_ptr &result)
{
    std::string own = "thread " + std::to_string(me);
    try {
        throws(me, 3);
    } catch (const std::runtime_error &outer) {
        std::this_thread::sleep_for(500us);
        try {
            throws(-me, 1);
        } catch (const std::runtime_error &inner) {
            std::this_thread::sleep_for(500us);
            CHECK("thread " + std::to_string(-me) == inner.what());
        }
        CHECK(own == outer.what());
        try {
            std::this_thread::yield();
            throw; // the outer one again
        } catch (const std::exception &again) {
            CHECK(&again == &outer);
            result = std::current_exception();
        }
    }
    CHECK(!std::current_exception());
}

static void once_with_exceptions()
{
    std::once_flag flag;
    std::atomic<int> attempts{0}, caught{0}, through{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < THREADS; i++)
        threads.emplace_back([&] {
            try {
                std::call_once(flag, [&] {
                    std::this_thread::sleep_for(1ms);
                    if (++attempts <= 5)
                        throw attempts.load();
                });
                CHECK_EQ(attempts, 6);
                through++;
            } catch (int) {
                caught++;
            }
        });
    for (auto &t : threads)
        t.join();
    OK("call_once: %d attempts, %d caught, %d through", attempts.load(), caught.load(), through.load());
}

// The status of a child in which `end` happens in a thread.
template <class F> static int in_child(F end)
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(10);
        close(2); // std::terminate says something there
        std::thread(end).join();
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    return status;
}

int main()
{
    SAFETY_NET();
    std::vector<std::thread> threads;
    std::vector<std::exception_ptr> results(THREADS);
    for (int i = 0; i < THREADS; i++)
        threads.emplace_back([i, &results] { catches(i + 1, results[i]); });
    for (auto &t : threads)
        t.join();
    for (int i = 0; i < THREADS; i++)
        try {
            std::rethrow_exception(results[i]);
        } catch (const std::runtime_error &e) {
            CHECK("thread " + std::to_string(i + 1) == e.what());
        }
    OK("%d threads, %d objects unwound", THREADS, unwound.load());
    most_parked("time", 6 * THREADS);

    once_with_exceptions();

    CHECK_EQ(in_child([] {}), 0);
    int status = in_child([] {
        std::this_thread::sleep_for(1ms);
        throw 1;
    });
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGABRT);
    status = in_child([]() noexcept { throws(1, 1); });
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGABRT);
    status = in_child([] {
        std::set_terminate([] { _exit(7); });
        std::thread never_joined([] { std::this_thread::sleep_for(20s); });
    });
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), 7);
    OK("std::terminate");
    return 0;
}
