/* Where memory for stacks is refused (RLIMIT_AS), pthread_create returns EAGAIN
 * and the program goes on; once threads have ended, it works again. */
#include "thread.h"
#include <semaphore.h>
#include <sys/resource.h>

enum { MOST = 4000 };
static sem_t release;

static void *waits(void *arg)
{
    CHECK_EQ(sem_wait(&release), 0);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    static pthread_t t[MOST];
    sem_init(&release, 0, 0);
    sem_post(&release);
    join(spawn(waits, NULL)); /* whatever the first thread sets up is there */

    rlim_t limit = (rlim_t)(status_kb("VmSize") + 200 * 1024) * 1024;
    struct rlimit was, small;
    CHECK_EQ(getrlimit(RLIMIT_AS, &was), 0);
    small = (struct rlimit){limit, was.rlim_max};
    CHECK_EQ(setrlimit(RLIMIT_AS, &small), 0);

    int n = 0, refused = 0;
    for (; n < MOST && !refused; n += !refused)
        refused = pthread_create(&t[n], NULL, waits, &release);
    dprintf(2, "%d threads before the refusal\n", n);
    CHECK_EQ(refused, EAGAIN);
    OK("EAGAIN at the limit");
    CHECK_EQ(pthread_create(&t[n], NULL, waits, NULL), EAGAIN);
    OK("again, and nothing breaks");

    for (int i = 0; i < n; i++)
        sem_post(&release);
    for (int i = 0; i < n; i++)
        CHECK(join(t[i]) == &release);
    OK("those that were made end");

    sem_post(&release);
    CHECK(join(spawn(waits, &n)) == &n);
    OK("a thread can be made again");
    CHECK_EQ(setrlimit(RLIMIT_AS, &was), 0);
    for (int i = 0; i < n + 50; i++)
        t[i % MOST] = spawn(waits, NULL);
    for (int i = 0; i < n + 50; i++)
        sem_post(&release);
    OK("and more once the limit is raised");
    return 0;
}
