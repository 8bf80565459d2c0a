/* cflags: -fexceptions -Wno-infinite-recursion */
/* As thread_exit_cleanup, in code compiled with -fexceptions: the handlers
 * are then found by the unwinder, through frames that park in between. */
#include "thread.h"
#include <semaphore.h>

static char story[256];
static pthread_key_t key;

static void note(void *what)
{
    sleep_ms(1);
    strcat(strcat(story, what), " ");
}

static void leave(int frames)
{
    pthread_cleanup_push(note, "inner");
    if (frames > 0)
        leave(frames - 1);
    else
        pthread_exit("left");
    pthread_cleanup_pop(0);
}

static void *thread(void *arg)
{
    pthread_setspecific(key, "key");
    pthread_cleanup_push(note, "outer");
    pthread_cleanup_push(note, "popped");
    pthread_cleanup_pop(1);
    pthread_cleanup_push(note, "unused");
    pthread_cleanup_pop(0);
    leave(2);
    pthread_cleanup_pop(0);
    return arg;
}

static void *returns(void *arg)
{
    pthread_setspecific(key, "key");
    return arg;
}

int main(void)
{
    SAFETY_NET();
    CHECK_EQ(pthread_key_create(&key, note), 0);
    CHECK(!strcmp(join(spawn(thread, NULL)), "left"));
    OK("pthread_exit: %s", story);
    story[0] = 0;
    CHECK(join(spawn(returns, story)) == story);
    OK("return: %s", story);
    most_parked("time", 7);
    return 0;
}
