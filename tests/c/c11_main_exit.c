/* main's thrd_exit ends only main: a thread of C11 joins it and goes on, and
 * the process ends with status 0, its exit handlers run, with the last thread. */
#include "c11.h"

static thrd_t main_thread;

static int later(void *arg)
{
    int result = 77;
    CHECK_EQ(thrd_join(main_thread, &result), thrd_success);
    OK("main's result is %d", result);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(thrd_sleep(&(struct timespec){0, 5000000}, NULL), 0);
    must_be_coroutines(1);
    OK("a thread goes on");
    return arg != NULL;
}

static void last(void) { OK("exit handlers run"); }

int main(void)
{
    SAFETY_NET();
    atexit(last);
    main_thread = thrd_current();
    thrd_detach(begin(later, &main_thread));
    thrd_exit(-5);
}
