/* What the kernel refuses does not wait, though the descriptor is never ready:
 * splice, sendfile, recv and read of a listener, or of a socket that is not
 * connected. Must not change: with a connection they wait. */
#include "asleep.h"
#include <sys/sendfile.h>
#include <sys/un.h>

static struct gate gate;
static int pipe_end[2], pair[2];

static void refused(int fd, int from_it, int to_it)
{
    int mark = 100, file = open("/proc/self/exe", O_RDONLY);
    char c;
    CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark), 0);
    CHECK_ERRNO(recv(fd, &c, 1, 0), from_it);
    CHECK_ERRNO(read(fd, &c, 1), from_it);
    CHECK_ERRNO(splice(fd, NULL, pipe_end[1], NULL, 4, 0), from_it);
    CHECK_ERRNO(splice(pipe_end[0], NULL, fd, NULL, 4, 0), to_it);
    CHECK_ERRNO(sendfile(fd, file, NULL, 4), to_it);
    close(file);
}

static void *story(void *arg)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct sockaddr_in addr;
    int u = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ(bind(u, (struct sockaddr *)&name, sizeof(sa_family_t)), 0);
    CHECK_EQ(listen(u, 1), 0);
    CHECK_EQ(write(pipe_end[1], "abcdefgh", 8), 8);
    refused(listener(&addr), ENOTCONN, EPIPE);
    refused(socket(AF_INET, SOCK_STREAM, 0), ENOTCONN, EPIPE);
    refused(u, EINVAL, ENOTCONN);
    OK("refused at once");
    CHECK_EQ(splice(pipe_end[0], NULL, pair[0], NULL, 8, 0), 8);
    enter(&gate);
    CHECK_EQ(splice(pair[0], NULL, pipe_end[1], NULL, 4, 0), 1);
    OK("with a connection it waits");
    return arg;
}

int main(void)
{
    alarm(20);
    signal(SIGPIPE, SIG_IGN);
    CHECK_EQ(pipe(pipe_end), 0);
    tcp_pair(pair);
    gate_open(&gate, "socket");
    pthread_t t = spawn(story, NULL);
    until_asleep(&gate, 1);
    must_have_parked("socket", 1);
    CHECK_EQ(send(pair[1], "x", 1, 0), 1);
    join(t);
}
