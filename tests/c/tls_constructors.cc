// thread_local objects are made in each thread that touches them and destroyed
// when it ends, last made first, before the joiner goes on; both may wait.
#include "thread.h"
#include <atomic>
#include <string>
#include <thread>
#include <vector>

static std::atomic<int> made, destroyed;
static thread_local std::string story;

struct Noted {
    std::string name;
    explicit Noted(const char *n) : name(n)
    {
        made++;
        sleep_ms(1);
        story += name;
    }
    ~Noted()
    {
        sleep_ms(1);
        destroyed++;
        story += "~" + name; // made before us, so destroyed after us
        if (name == "a")
            CHECK(story == "ab~b~a");
    }
};

struct Vector {
    std::vector<int> v{1, 2, 3};
    ~Vector() { v.push_back(4); }
};

static thread_local Vector untouched_by_most;

static void *thread(void *arg)
{
    CHECK(story.empty()); // makes the string first
    static thread_local Noted a("a");
    static thread_local Noted b("b");
    CHECK(story == "ab");
    if (arg) {
        untouched_by_most.v.push_back(9);
        CHECK_EQ(untouched_by_most.v.size(), 4);
        pthread_exit(arg);
    }
    return &a;
}

int main()
{
    SAFETY_NET();
    constexpr int THREADS = 40;
    for (int life = 0; life < 3; life++) {
        std::vector<pthread_t> threads;
        for (int i = 0; i < THREADS; i++)
            threads.push_back(spawn(thread, i % 2 ? &made : nullptr));
        for (pthread_t t : threads)
            join(t);
        CHECK_EQ(made, 2 * THREADS * (life + 1));
        CHECK_EQ(destroyed, made);
    }
    OK("%d objects made and destroyed in order", made.load());
    std::thread([] { story = std::string(1000, 'x'); }).join();
    CHECK(story.empty());
    OK("std::thread too, and main's own is untouched");
    most_parked("time", 3 * 4 * THREADS);
    return 0;
}
