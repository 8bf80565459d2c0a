/* chat_cond: each line that a client sends goes to all others, in one order for
 * everybody. Two threads a client, one that hears it and one that tells it what
 * was said; a mutex, a condition variable for news and one for silence.
 *
 *     cc -O2 -Wall -Wextra -pthread chat_cond.c -o chat_cond
 *     ./chat_cond 7000              then, in several terminals: nc 127.0.0.1 7000
 *
 * No line is ever dropped: the next is said when all have taken the last. A
 * client that reads nothing for ten seconds is sent away.
 */
#include "net.h"

#include <stdbool.h>
#include <sys/time.h>

struct member {
    int fd;
    bool leaving;
    unsigned long heard; /* the number of the last line that it was told */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER, silence = PTHREAD_COND_INITIALIZER;
static struct {
    unsigned long number; /* all below under the lock */
    unsigned members, still_to_hear;
    const struct member *by;
    size_t size;
    char text[512];
} line;

static void say(const struct member *by, const char *text, size_t size)
{
    pthread_mutex_lock(&lock);
    while (line.still_to_hear > 0)
        pthread_cond_wait(&silence, &lock);
    line.number++;
    line.still_to_hear = line.members;
    line.by = by;
    line.size = size;
    memcpy(line.text, text, size);
    pthread_cond_broadcast(&news);
    pthread_mutex_unlock(&lock);
}

static void *tell(void *arg)
{
    struct member *me = arg;
    char text[sizeof line.text];

    pthread_mutex_lock(&lock);
    for (;;) {
        while (me->heard == line.number && !me->leaving)
            pthread_cond_wait(&news, &lock);
        if (me->heard == line.number)
            break;
        me->heard = line.number;
        if (--line.still_to_hear == 0)
            pthread_cond_signal(&silence);
        if (line.by == me)
            continue;
        size_t size = line.size;
        memcpy(text, line.text, size);
        pthread_mutex_unlock(&lock);
        if (send_all(me->fd, text, size) != 0)
            shutdown(me->fd, SHUT_RDWR); /* so hear() meets the end as well */
        pthread_mutex_lock(&lock);
    }
    line.members--;
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void hear(const struct member *me)
{
    char text[sizeof line.text];
    size_t held = 0;
    ssize_t size;

    while ((size = recv(me->fd, text + held, sizeof text - held, 0)) > 0) {
        char *end;

        held += (size_t)size;
        while ((end = memchr(text, '\n', held)) != NULL || held == sizeof text) {
            size_t length = end ? (size_t)(end + 1 - text) : held;

            say(me, text, length);
            held -= length;
            memmove(text, text + length, held);
        }
    }
}

static void *attend(void *arg)
{
    struct member me = { .fd = (int)(intptr_t)arg };
    struct timeval patience = { .tv_sec = 10 };
    pthread_t teller;

    setsockopt(me.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    pthread_mutex_lock(&lock); /* nothing is said between joining and the teller's birth */
    me.heard = line.number;
    bool joined = pthread_create(&teller, NULL, tell, &me) == 0;
    line.members += joined;
    pthread_mutex_unlock(&lock);
    if (joined) {
        hear(&me);
        pthread_mutex_lock(&lock);
        me.leaving = true;
        pthread_cond_broadcast(&news);
        pthread_mutex_unlock(&lock);
        pthread_join(teller, NULL);
    }
    close(me.fd);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    int listener = listen_on(argv[1]);

    for (;;)
        serve(attend, next_client(listener));
}
