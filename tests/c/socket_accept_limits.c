/* accept when no descriptor is left: EMFILE, and the connection stays in the
 * queue for the next accept. Must not change: accept4's bad flags are EINVAL,
 * no listener is EINVAL, no socket is ENOTSOCK; the peer's address is cut to
 * the given length, and the full length is told. */
#include "util.h"
#include <sys/resource.h>

static void *story(void *arg)
{
    struct sockaddr_in addr, mine, peer;
    struct rlimit all, few;
    socklen_t len = sizeof mine;
    char c;
    (void)arg;
    int l = listener(&addr), client = dial(&addr);
    CHECK_EQ(getsockname(client, (struct sockaddr *)&mine, &len), 0);

    CHECK_ERRNO(accept4(l, NULL, NULL, 1), EINVAL);
    CHECK_ERRNO(accept(client, NULL, NULL), EINVAL);
    CHECK_ERRNO(accept(0, NULL, NULL), ENOTSOCK);
    CHECK_ERRNO(accept(-1, NULL, NULL), EBADF);
    OK("bad arguments fail as they should");

    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &all), 0);
    few = (struct rlimit){(rlim_t)client + 1, all.rlim_max};
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    CHECK_ERRNO(accept(l, NULL, NULL), EMFILE);
    CHECK_ERRNO(dup(0), EMFILE);
    CHECK_ERRNO(socket(AF_INET, SOCK_STREAM, 0), EMFILE);
    int p[2] = {-7, -7};
    CHECK_ERRNO(pipe(p), EMFILE);
    CHECK_EQ(p[0], -7);
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &all), 0);
    OK("no descriptor left: EMFILE from accept, dup, socket, pipe");

    memset(&peer, 0xee, sizeof peer);
    len = 4;
    int fd = accept(l, (struct sockaddr *)&peer, &len);
    CHECK(fd >= 0);
    CHECK_EQ(len, sizeof peer);
    CHECK_EQ(peer.sin_family, AF_INET);
    CHECK_EQ(peer.sin_port, mine.sin_port);
    CHECK_EQ(peer.sin_addr.s_addr, 0xeeeeeeee);
    CHECK_EQ(send(client, "x", 1, 0), 1);
    CHECK_EQ(recv(fd, &c, 1, 0), 1);
    OK("the connection was kept; its address is cut, its length is told");
    return NULL;
}

int main(void)
{
    alarm(20);
    int null = open("/dev/null", O_RDWR);
    CHECK_EQ(dup2(null, 0), 0);
    join(spawn(story, NULL));
}
