/* What libc keeps per thread: the buffers of strerror, inet_ntoa and strtok's
 * callers, h_errno's place, and the tables of <ctype.h>. */
#include "thread.h"
#include <ctype.h>
#include <netdb.h>

enum { THREADS = 30 };

static void *thread(void *arg)
{
    int me = 1000 + (int)(long)arg;
    char want[64], text[64], out[64];
    snprintf(want, sizeof want, "Unknown error %d", me);
    char *message = strerror(me);
    struct in_addr addr = {htonl(0x0a000000u + (unsigned)me)};
    char *dotted = inet_ntoa(addr);
    h_errno = me;
    int *h = &h_errno;
    sleep_ms(2);
    CHECK(!strcmp(message, want));
    CHECK_EQ(inet_addr(dotted), addr.s_addr);
    CHECK_EQ(*h, me);
    CHECK(h == &h_errno);

    char *rest;
    int words = 0;
    snprintf(text, sizeof text, "%d %d %d", me, me + 1, me + 2);
    for (char *w = strtok_r(text, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        CHECK_EQ(atoi(w), me + words++);
        sched_yield();
    }
    CHECK_EQ(words, 3);

    time_t day = 86400L * me;
    struct tm tm;
    CHECK(gmtime_r(&day, &tm) && localtime_r(&day, &tm));
    sleep_ms(1);
    CHECK_EQ(mktime(&tm), day);
    CHECK(ctime_r(&day, out));
    CHECK(isalpha('x') && !isalpha('1') && toupper('x') == 'X');
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    setenv("TZ", "UTC", 1);
    pthread_t t[THREADS];
    char *mine = strerror(4242);
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(thread, (void *)i);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    CHECK(!strcmp(mine, "Unknown error 4242"));
    OK("%d threads and main kept their buffers", THREADS);
    most_parked("time", 2 * THREADS);
    return 0;
}
