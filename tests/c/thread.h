/* What the programs about threads and locks share: how to be sure that
 * another thread waits, and how to find a library that lies beside the
 * program. */
#ifndef THREAD_H
#define THREAD_H

#ifdef __cplusplus
/* Said first, so that util.h's declaration names the C symbol. */

#endif
#include "util.h"
#include <limits.h>

/* Every program ends by itself: a hang becomes SIGALRM. */
#define SAFETY_NET() alarm(25)

/* Returns when `n` waits of `family` have parked since the program began.
 * Under the library that is exact. A bare run can only give the threads time,
 * so what is checked afterwards must hold even if they have not come to wait. */
static inline void until_parked(const char *family, unsigned long n)
{
    char name[64];
    snprintf(name, sizeof name, "parks.%s", family);
    sleep_ms(20);
    if (preloaded()) {
        for (int64_t end = now_ms() + 10000; now_ms() < end; sleep_ms(1))
            if (iopatch_counter(name) >= n)
                return;
        must_have_parked(family, n);
    }
}

/* As must_have_parked, of `n` waits that were short: one that was over before
 * the thread could park need not have, but of most that can't be true. */
static inline void most_parked(const char *family, unsigned long n)
{
    must_have_parked(family, (n + 1) / 2);
}

/* The path of a file that lies in the folder of this program. */
static inline const char *beside(const char *name)
{
    static char path[PATH_MAX + 64];
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
    CHECK(n > 0);
    path[n] = 0;
    char *slash = strrchr(path, '/');
    CHECK(slash);
    snprintf(slash + 1, 64, "%s", name);
    return path;
}

/* Kilobytes of a line of /proc/self/status, such as "VmRSS". */
static inline long status_kb(const char *field)
{
    char line[256];
    long kb = -1;
    FILE *f = fopen("/proc/self/status", "r");
    CHECK(f);
    while (fgets(line, sizeof line, f))
        if (!strncmp(line, field, strlen(field)))
            kb = atol(line + strlen(field) + 1);
    fclose(f);
    CHECK(kb >= 0);
    return kb;
}

#endif
