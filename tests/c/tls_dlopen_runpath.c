/* dlopen of a bare name is resolved for its caller: here by the program's own
 * RUNPATH, in main and in threads. dlerror's message is each thread's own. */
#include "thread.h"
#include <dlfcn.h>

static void find(void)
{
    void *lib = dlopen("lib_tls_dynamic.so", RTLD_NOW);
    if (!lib)
        dprintf(2, "%s\n", dlerror());
    CHECK(lib);
    long *(*value)(void) = (long *(*)(void))dlsym(lib, "dynamic_value");
    CHECK(value);
    CHECK_EQ(*value(), 77);
    CHECK_EQ(dlclose(lib), 0);
}

static void *thread(void *arg)
{
    char missing[64], *message;
    find();
    snprintf(missing, sizeof missing, "no-such-library-%ld.so", (long)arg);
    CHECK(dlopen(missing, RTLD_NOW) == NULL);
    sleep_ms(2);
    message = dlerror();
    CHECK(message && strstr(message, missing));
    CHECK(dlerror() == NULL);
    return NULL;
}

int main(void)
{
    SAFETY_NET();
    pthread_t t[10];
    find();
    OK("found by main");
    for (long i = 0; i < 10; i++)
        t[i] = spawn(thread, (void *)i);
    for (int i = 0; i < 10; i++)
        join(t[i]);
    OK("found by threads, who each get their own error message");
    most_parked("time", 10);
    return 0;
}
