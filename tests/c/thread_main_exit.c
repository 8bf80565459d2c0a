/* main's pthread_exit ends only main: the other threads go on, and the process
 * ends with status 0, its exit handlers run, when the last of them does. */
#include "thread.h"

static pthread_t main_thread;

static void *later(void *arg)
{
    CHECK_EQ(pthread_join(main_thread, NULL), 0);
    OK("main can be joined after its pthread_exit");
    for (int i = 0; i < 3; i++) {
        sleep_ms(10);
        OK("a thread goes on");
    }
    return arg;
}

static void last(void) { OK("exit handlers run"); }

static void cleanup(void *arg)
{
    (void)arg;
    OK("main's cleanup handler runs");
}

int main(void)
{
    SAFETY_NET();
    atexit(last);
    main_thread = pthread_self();
    pthread_t t;
    CHECK_EQ(pthread_create(&t, NULL, later, NULL), 0);
    pthread_cleanup_push(cleanup, NULL);
    pthread_exit(&t);
    pthread_cleanup_pop(0);
    return 3;
}
