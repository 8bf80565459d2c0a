/* Many threads write to one FILE and none tears another's line; flockfile
 * holds across a wait, may be taken twice by its owner and is refused to
 * others; a FILE may be opened, used and closed in different threads. */
#include "thread.h"

enum { THREADS = 20, LINES = 50 };
static FILE *f;

static void *writes(void *arg)
{
    long me = (long)arg;
    for (int i = 0; i < LINES; i++) {
        if (i % 10 == 0) { /* one line in two pieces, with a wait between */
            flockfile(f);
            flockfile(f);
            fprintf(f, "%ld:", me);
            sleep_ms(1);
            fprintf(f, "%d:%ld\n", i, me);
            funlockfile(f);
            funlockfile(f);
        } else {
            CHECK(fprintf(f, "%ld:%d:%ld\n", me, i, me) > 0);
        }
    }
    return NULL;
}

static void *is_refused(void *arg)
{
    CHECK(ftrylockfile(f) != 0);
    return arg;
}

static void *opens(void *arg)
{
    (void)arg;
    return tmpfile();
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    int next[THREADS] = {0};
    f = join(spawn(opens, NULL));
    CHECK(f);
    flockfile(f);
    join(spawn(is_refused, NULL));
    funlockfile(f);
    OK("a locked FILE is refused to another thread");
    for (long i = 0; i < THREADS; i++)
        t[i] = spawn(writes, (void *)i);
    for (int i = 0; i < THREADS; i++)
        join(t[i]);
    rewind(f);
    char line[64];
    int lines = 0;
    for (; fgets(line, sizeof line, f); lines++) {
        int me, i, again;
        CHECK_EQ(sscanf(line, "%d:%d:%d\n", &me, &i, &again), 3);
        CHECK_EQ(me, again);
        CHECK_EQ(i, next[me]++);
    }
    OK("%d whole lines, each thread's in order", lines);
    CHECK_EQ(fclose(f), 0);
    most_parked("time", THREADS * (LINES / 10));
    return 0;
}
