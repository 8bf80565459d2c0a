/* The rights to a protection key belong to the thread; a new thread has its maker's. */
#include "moves.h"
#include <sys/mman.h>

static int key;

static void *thread(void *arg)
{
    int rights = (long)arg % 3;
    CHECK_EQ(pkey_set(key, rights), 0);
    for (int i = 0; i < 40; i++) {
        move_on(i);
        CHECK_EQ(pkey_get(key), rights);
    }
    return arg;
}

static void *inherits(void *arg)
{
    CHECK_EQ(pkey_get(key), (int)(long)arg);
    return arg;
}

static void *makes(void *arg)
{
    CHECK_EQ(pkey_set(key, PKEY_DISABLE_WRITE), 0);
    join(spawn(inherits, (void *)PKEY_DISABLE_WRITE));
    return arg;
}

int main(void)
{
    SAFETY_NET();
    begin_moves();
    key = pkey_alloc(0, 0);
    if (key > 0) {
        pthread_t t[9];
        for (long i = 0; i < 9; i++)
            t[i] = spawn(thread, (void *)i);
        for (int i = 0; i < 9; i++)
            join(t[i]);
        join(spawn(makes, NULL));
        join(spawn(inherits, (void *)0));
    }
    end_moves();
    OK("each has its own rights");
    return 0;
}
