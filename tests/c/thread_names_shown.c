/* The name of a thread that has CPUs of its own is that of an OS thread, for who looks there (top -H), as long as it lives. */
#include "thread.h"
#include <dirent.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/prctl.h>

static sem_t go;

static int is_shown(const char *name)
{
    char path[300], line[32];
    int shown = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks);
    for (struct dirent *task; (task = readdir(tasks));) {
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        FILE *f = fopen(path, "r");
        if (f && fgets(line, sizeof line, f)) {
            line[strcspn(line, "\n")] = 0;
            shown += !strcmp(line, name);
        }
        if (f)
            fclose(f);
    }
    closedir(tasks);
    return shown;
}

static void *named(void *arg)
{
    cpu_set_t cpus;
    CHECK_EQ(pthread_setname_np(pthread_self(), "before"), 0);
    CHECK_EQ(sched_getaffinity(0, sizeof cpus, &cpus), 0);
    CHECK_EQ(sched_setaffinity(0, sizeof cpus, &cpus), 0);
    CHECK_EQ(is_shown("before"), 1);
    CHECK_EQ(prctl(PR_SET_NAME, "by itself"), 0);
    CHECK_EQ(is_shown("by itself"), 1);
    CHECK_EQ(sem_post(arg), 0);
    CHECK_EQ(sem_wait(&go), 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    sem_t ready;
    sem_init(&ready, 0, 0);
    sem_init(&go, 0, 0);
    pthread_t t = spawn(named, &ready);
    CHECK_EQ(sem_wait(&ready), 0);
    OK("set before, and by itself");
    CHECK_EQ(pthread_setname_np(t, "by main"), 0);
    CHECK_EQ(is_shown("by main"), 1);
    OK("set by another thread");
    CHECK_EQ(sem_post(&go), 0);
    join(t);
    for (int64_t end = now_ms() + 5000; is_shown("by main") && now_ms() < end;)
        sleep_ms(1);
    CHECK_EQ(is_shown("by main"), 0);
    OK("gone with the thread");
    return 0;
}
