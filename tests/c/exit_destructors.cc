/* At exit, in a child, destructors of statics and of the library may use threads, locks and
 * conditions; a thread's own objects are destroyed by pthread_exit, not by exit. */
#include "thread.h"
#include <condition_variable>
#include <mutex>
#include <thread>

struct Said {
    const char *what;
    ~Said() { dprintf(1, "%s\n", what); }
};

static void *waits(void *arg)
{
    sleep_ms(60000);
    return arg;
}

struct Worker {
    std::mutex m;
    std::condition_variable c;
    bool stop = false;
    std::thread thread;
    Worker() : thread([this] {
        thread_local Said said{"the worker's object"};
        (void)said.what;
        std::unique_lock<std::mutex> l(m);
        c.wait(l, [this] { return stop; });
    }) {}
    ~Worker()
    {
        { std::lock_guard<std::mutex> l(m); stop = true; }
        c.notify_one();
        thread.join();
        std::thread([] { sleep_ms(2); }).join();
        dprintf(1, "worker stopped\n");
    }
};

__attribute__((destructor)) static void late()
{
    pthread_t t = spawn([](void *a) -> void * { sleep_ms(2); return a; }, nullptr);
    join(t);
    dprintf(1, "destructor ran a thread\n");
}

static thread_local Said mine{"exiting thread's object"};

static void *exits(void *)
{
    (void)mine.what;
    static Said fixed{"static of the exiting thread"};
    thread_local Said local{"local object of the exiting thread"};
    (void)local.what;
    Said frame{"never: a frame"};
    exit(3);
}

static void *leaves(void *arg)
{
    thread_local Said local{"object of a leaving thread"};
    (void)local.what;
    Said frame{"its frame"};
    sleep_ms(1);
    pthread_exit(arg);
}

static void child()
{
    static Worker worker;
    join(spawn(leaves, nullptr));
    spawn(waits, nullptr);
    spawn(exits, nullptr);
    sleep_ms(60000);
}

int main()
{
    SAFETY_NET();
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        SAFETY_NET();
        child();
    }
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    OK("status %d", WEXITSTATUS(status));
    _exit(0); // the statics are the child's story
}
