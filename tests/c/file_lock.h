/* A file that a child process holds locked for a while. */
#ifndef FILE_LOCK_H
#define FILE_LOCK_H

#include "thread.h"

static char locked_file[] = "/tmp/iopatch-test-XXXXXX";

/* Makes the file and a child that locks it by `lock`, keeps it for `ms`
 * milliseconds and ends; returns when the lock is held. */
static inline pid_t hold_elsewhere(int (*lock)(int fd), long ms)
{
    int ready[2];
    char byte;
    int fd = mkstemp(locked_file);
    CHECK(fd >= 0);
    close(fd);
    CHECK_EQ(pipe(ready), 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        SAFETY_NET();
        fd = open(locked_file, O_RDWR);
        CHECK_EQ(lock(fd), 0);
        CHECK_EQ(write(ready[1], "x", 1), 1);
        sleep_ms(ms);
        _exit(0);
    }
    CHECK_EQ(read(ready[0], &byte, 1), 1);
    return pid;
}

static inline void gone(pid_t pid)
{
    int status;
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    CHECK_EQ(unlink(locked_file), 0);
}

#endif
