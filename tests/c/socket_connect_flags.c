/* While a thread connects, nobody sees the open file non-blocking: another
 * thread that asks for its flags, nor a child that has it, too. Must not
 * change: flags that are set meanwhile stay. */
#include "util.h"
#include <sys/ioctl.h>
#include <sys/mman.h>

#define ROUNDS 400

static struct sockaddr_in addr;
static atomic_int fd = -1, done;
static atomic_int *seen, *shared_done;

static void *dials(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        int s = socket(AF_INET, SOCK_STREAM, 0);
        fd = s;
        CHECK_EQ(connect(s, (struct sockaddr *)&addr, sizeof addr), 0);
        fd = -1;
        close(s);
    }
    done = 1;
    return arg;
}

static void *accepts(void *l)
{
    for (int i = 0; i < ROUNDS; i++)
        close(accept(*(int *)l, NULL, NULL));
    return NULL;
}

static void *dials_shared(void *s)
{
    CHECK_EQ(connect(*(int *)s, (struct sockaddr *)&addr, sizeof addr), 0);
    return NULL;
}

static int is_nonblocking(int s)
{
    int flags = fcntl(s, F_GETFL);
    return flags != -1 && flags & O_NONBLOCK;
}

int main(void)
{
    alarm(20);
    int l = listener(&addr), found = 0;
    pthread_t t = spawn(dials, NULL), u = spawn(accepts, &l);
    while (!done)
        found += is_nonblocking(fd);
    join(t);
    join(u);
    CHECK_EQ(found, 0);
    OK("not by another thread");

    fd = -1;
    done = 0;
    t = spawn(dials, NULL);
    u = spawn(accepts, &l);
    while (!done) {
        pid_t child = fork();
        if (child == 0)
            _exit(is_nonblocking(fd));
        int status;
        CHECK_EQ(waitpid(child, &status, 0), child);
        CHECK_EQ(status, 0);
    }
    join(t);
    join(u);
    OK("nor by a child that is made meanwhile");

    seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    shared_done = seen + 1;
    for (int i = 0; i < 20; i++) {
        int s = socket(AF_INET, SOCK_STREAM, 0);
        *shared_done = 0;
        pid_t child = fork();
        if (child == 0) {
            while (!*shared_done)
                *seen += is_nonblocking(s);
            _exit(0);
        }
        join(spawn(dials_shared, &s));
        *shared_done = 1;
        CHECK_EQ(waitpid(child, NULL, 0), child);
        close(s);
    }
    CHECK_EQ(*seen, 0);
    OK("nor by one that was made before");

    int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    CHECK_EQ(fcntl(s, F_SETFL, O_NONBLOCK), 0);
    CHECK_EQ(fcntl(s, F_GETFL), O_RDWR | O_NONBLOCK);
    CHECK_EQ(fcntl(s, F_SETFL, 0), 0);
    CHECK_EQ(ioctl(s, FIONBIO, &on), 0);
    CHECK_EQ(fcntl(s, F_GETFL), O_RDWR | O_NONBLOCK);
    CHECK_ERRNO(ioctl(s, FIONBIO, (void *)8), EFAULT);
    OK("what is set stays");
}
