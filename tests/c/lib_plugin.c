/* cflags: -Wl,-z,lazy */
/* For lookup_deepbind: calls libc's functions by their names. */
#include <pthread.h>
#include <semaphore.h>

static int do_wait(sem_t *sem) { return sem_wait(sem); }
static int do_post(sem_t *sem) { return sem_post(sem); }
static int do_lock(pthread_mutex_t *mutex) { return pthread_mutex_lock(mutex); }
static int do_unlock(pthread_mutex_t *mutex) { return pthread_mutex_unlock(mutex); }
static int do_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex) { return pthread_cond_wait(cond, mutex); }
static int do_signal(pthread_cond_t *cond) { return pthread_cond_signal(cond); }
static int do_join(pthread_t thread, void **result) { return pthread_join(thread, result); }

/* In the order of struct functions. */
void *plugin_functions[] = {do_wait, do_post, do_lock, do_unlock, do_cond_wait, do_signal, do_join};
