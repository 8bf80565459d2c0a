/* get_robust_list(2) tells the list that the thread has registered, wherever it runs: libc's, another in each thread, or
 * one of its own (set_robust_list). */
#include "moves.h"

struct list {
    void *next;
    long offset;
    void *pending;
};

static void *registered(void)
{
    void *head = NULL;
    size_t size = 0;
    CHECK_EQ(syscall(SYS_get_robust_list, 0, &head, &size), 0);
    CHECK_EQ(size, sizeof(struct list));
    return head;
}

static void *thread(void *arg)
{
    struct list own = {&own, 0, NULL};
    void *libcs = registered();
    CHECK(libcs != arg);
    for (int i = 0; i < 20; i++, move_on(i))
        CHECK(registered() == libcs);
    CHECK_EQ(syscall(SYS_set_robust_list, &own, sizeof own), 0);
    for (int i = 0; i < 20; i++, move_on(i))
        CHECK(registered() == &own);
    CHECK_EQ(syscall(SYS_set_robust_list, libcs, sizeof own), 0);
    CHECK(registered() == libcs);
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[4];
    begin_moves();
    for (int i = 0; i < 4; i++)
        t[i] = spawn(thread, registered());
    for (int i = 0; i < 4; i++)
        join(t[i]);
    end_moves();
    OK("each tells its own");
    return 0;
}
