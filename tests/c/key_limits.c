/* The errors of keys: EAGAIN once there are PTHREAD_KEYS_MAX, EINVAL for a
 * deleted one; a new key at an old place is NULL in threads that had a value,
 * and the destructor of a deleted key is not called. */
#include "thread.h"
#include <semaphore.h>

static pthread_key_t keys[PTHREAD_KEYS_MAX + 1], key;
static sem_t set, go;

static void never(void *value)
{
    (void)value;
    CHECK(!"the destructor of a deleted key");
}

static void *keeps_a_value(void *arg)
{
    CHECK_EQ(pthread_setspecific(key, arg), 0);
    CHECK_EQ(sem_post(&set), 0);
    CHECK_EQ(sem_wait(&go), 0); /* main deletes the key and makes a new one */
    CHECK(pthread_getspecific(key) == NULL);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    sem_init(&set, 0, 0);
    sem_init(&go, 0, 0);
    CHECK_EQ(pthread_key_create(&key, never), 0);
    pthread_t t = spawn(keeps_a_value, &set);
    CHECK_EQ(sem_wait(&set), 0);
    pthread_key_t old = key;
    CHECK_EQ(pthread_key_delete(key), 0);
    CHECK_EQ(pthread_key_delete(key), EINVAL);
    CHECK_EQ(pthread_setspecific(key, &set), EINVAL);
    OK("EINVAL for a deleted key");
    CHECK_EQ(pthread_key_create(&key, never), 0);
    CHECK_EQ(key, old);
    CHECK_EQ(sem_post(&go), 0);
    CHECK(join(t) == &set);
    OK("a new key at its place is NULL everywhere");

    int n = 0;
    while (n <= PTHREAD_KEYS_MAX && pthread_key_create(&keys[n], NULL) == 0)
        n++;
    CHECK(n > PTHREAD_KEYS_MAX - 16 && n < PTHREAD_KEYS_MAX);
    CHECK_EQ(pthread_key_create(&keys[n], NULL), EAGAIN);
    OK("EAGAIN once all are taken");
    CHECK_EQ(pthread_setspecific(keys[n - 1], keys), 0);
    CHECK(pthread_getspecific(keys[n - 1]) == keys);
    CHECK_EQ(pthread_key_delete(keys[0]), 0);
    CHECK_EQ(pthread_key_create(&keys[0], NULL), 0);
    for (int i = 0; i < n; i++)
        CHECK_EQ(pthread_key_delete(keys[i]), 0);
    OK("the last works, and a deleted one can be had again");
    CHECK_EQ(pthread_setspecific(PTHREAD_KEYS_MAX, keys), EINVAL);
    CHECK(pthread_getspecific(PTHREAD_KEYS_MAX) == NULL);
    OK("no key beyond the limit");
    return 0;
}
