/* uselocale is each thread's own: a thread in a UTF-8 locale sees wide
 * characters and the others do not; new threads start in the global one, and
 * that of main can be changed while threads wait. */
#include "thread.h"
#include <locale.h>
#include <wchar.h>

enum { THREADS = 20 };
static locale_t utf8;

static int bytes_of_e_acute(void)
{
    mbstate_t state = {0};
    wchar_t wide;
    size_t n = mbrtowc(&wide, "\xc3\xa9", 2, &state);
    return n == (size_t)-1 ? -1 : (int)n;
}

static void *thread(void *arg)
{
    long me = (long)arg;
    CHECK(uselocale((locale_t)0) == LC_GLOBAL_LOCALE);
    if (me % 2)
        CHECK(uselocale(utf8) == LC_GLOBAL_LOCALE);
    for (int i = 0; i < 5; i++) {
        sleep_ms(1);
        CHECK_EQ(bytes_of_e_acute(), me % 2 ? 2 : -1);
        CHECK_EQ(MB_CUR_MAX, me % 2 ? 6 : 1);
    }
    return NULL; /* leaves its locale on */
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[THREADS];
    utf8 = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
    CHECK(utf8);
    for (int life = 0; life < 2; life++) {
        for (long i = 0; i < THREADS; i++)
            t[i] = spawn(thread, (void *)i);
        for (int i = 0; i < THREADS; i++)
            join(t[i]);
    }
    OK("threads in two locales");
    CHECK_EQ(bytes_of_e_acute(), -1);
    CHECK(setlocale(LC_ALL, "C.UTF-8"));
    CHECK_EQ(bytes_of_e_acute(), 2);
    OK("main changes the global one");
    freelocale(utf8);
    most_parked("time", 10 * THREADS);
    return 0;
}
