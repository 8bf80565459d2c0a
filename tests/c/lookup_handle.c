/* libs: -ldl */
/* Functions that are looked up in libc's own handle, or by their version, work
 * together with those that the program calls. */
#include "lookup.h"

static void *find(void *libc, const char *name, const char *version)
{
    void *found = version ? dlvsym(libc, name, version) : dlsym(libc, name);
    CHECK(found);
    return found;
}

static struct functions all(void *libc, const char *lock, const char *cond, const char *rest)
{
    return (struct functions){
        find(libc, "sem_wait", rest), find(libc, "sem_post", rest),
        find(libc, "pthread_mutex_lock", lock), find(libc, "pthread_mutex_unlock", lock),
        find(libc, "pthread_cond_wait", cond), find(libc, "pthread_cond_signal", cond),
        find(libc, "pthread_join", rest),
    };
}

int main(void)
{
    SAFETY_NET();
    void *libc = dlopen("libc.so.6", RTLD_NOW);
    CHECK(libc);
    struct functions found = all(libc, NULL, NULL, NULL);
    both_ways(&found);
    OK("found in libc's handle");
    found = all(libc, "GLIBC_2.2.5", "GLIBC_2.3.2", "GLIBC_2.34");
    both_ways(&found);
    OK("found by their version");
    return 0;
}
