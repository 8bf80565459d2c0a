/* echo_loop: an iterative server. One client at a time, from accept to close,
 * with no thread at all; the others wait in the backlog. iopatch has nothing to
 * do here, and must not change anything: main() blocks in the kernel as ever.
 *
 *     cc -O2 -Wall -Wextra -pthread echo_loop.c -o echo_loop
 *     ./echo_loop 7000              (port 0: any free one, which it prints)
 */
#include "net.h"

static void echo(int fd)
{
    char buffer[4096];
    ssize_t size;

    while ((size = read(fd, buffer, sizeof buffer)) > 0)
        if (send_all(fd, buffer, (size_t)size) != 0)
            return;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    int listener = listen_on(argv[1]);

    for (;;) {
        int fd = next_client(listener);

        echo(fd);
        close(fd);
    }
}
