/* C++: destructors run, catch (...) sees the cancellation and must pass it on, thread_local objects end last. */
#include "cancel.h"
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

static std::string told;
static std::atomic<int> inside;

struct Named {
    const char *name;
    explicit Named(const char *n) : name(n) {}
    ~Named() { told += name; }
};

struct Waits {
    /* noexcept by default: cancellation is off while another unwinds. */
    ~Waits()
    {
        usleep(1000);
        pthread_testcancel();
        told += "w";
    }
};

static thread_local Named local("t");

static void *catches(void *)
{
    (void)local.name;
    Named a("a");
    try {
        Named b("b");
        try {
            Waits c;
            inside = 1;
            pause();
        } catch (std::exception &) {
            told += "never";
        } catch (...) {
            told += "c";
            throw;
        }
    } catch (...) {
        told += "d";
        throw;
    }
    return nullptr;
}

static void deep(int n, void *arg)
{
    Named b(n % 2 ? "1" : "0");
    if (n == 0)
        pthread_exit(arg);
    if (n > 0)
        deep(n - 1, arg);
}

static void *exits_deep(void *arg)
{
    Named a("a");
    (void)local.name;
    deep(5, arg);
    return nullptr;
}

static std::mutex mutex;
static std::condition_variable cond;

static void *std_wait(void *)
{
    std::unique_lock<std::mutex> lock(mutex);
    Named a("u");
    inside = 1;
    cond.wait(lock, [] { return false; });
    return nullptr;
}

/* An exception that is in flight, and caught, before the cancellation. */
static void *throws_then_waits(void *)
{
    try {
        throw std::runtime_error("x");
    } catch (std::exception &e) {
        Named a("a");
        told += e.what();
        inside = 1;
        for (;;)
            sleep(10);
    }
    return nullptr;
}

struct ExitsAtEnd {
    ~ExitsAtEnd() { told += "l"; }
};

static void *exits_from_local(void *arg)
{
    static thread_local ExitsAtEnd at_end;
    (void)&at_end;
    return arg;
}

static void check(const char *what, const char *want)
{
    if (told != want)
        dprintf(2, "%s: told %s, want %s\n", what, told.c_str(), want);
    CHECK(told == want);
    told.clear();
    OK("%s", what);
}

static void cancel_inside(void *(*start)(void *))
{
    inside = 0;
    pthread_t t = spawn(start, nullptr);
    while (!inside)
        usleep(100);
    usleep(3000);
    CHECK_EQ(pthread_cancel(t), 0);
    CHECK(join(t) == PTHREAD_CANCELED);
}

int main()
{
    cancel_net();
    cancel_inside(catches);
    check("destructors and catch (...) of a cancelled thread", "wcbdat");
    int value;
    CHECK(join(spawn(exits_deep, &value)) == &value);
    check("pthread_exit from a deep frame", "010101at");
    cancel_inside(std_wait);
    check("std::condition_variable lets go of what is locked", "u");
    CHECK(mutex.try_lock());
    mutex.unlock();
    cancel_inside(throws_then_waits);
    check("inside a handler of another exception", "xa");
    CHECK(join(spawn(exits_from_local, &value)) == &value);
    check("thread_local objects end", "l");
    /* A std::thread that is cancelled ends as one that returned. */
    inside = 0;
    std::thread thread([] {
        Named a("a");
        inside = 1;
        for (;;)
            std::this_thread::sleep_for(std::chrono::seconds(10));
    });
    while (!inside)
        usleep(100);
    CHECK_EQ(pthread_cancel(thread.native_handle()), 0);
    thread.join();
    check("a std::thread", "a");
    return 0;
}
