/* echo_threads: sends every byte back to whom it came from, with a thread for
 * each connection. This is the program that books tell one not to write, since
 * ten thousand threads are too many. Run it natively, then under iopatch.
 *
 *     cc -O2 -Wall -Wextra -pthread echo_threads.c -o echo_threads
 *     ./echo_threads 7000           (port 0: any free one, which it prints)
 *     iopatch ./echo_threads 7000
 */
#include "net.h"

static void *echo(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char buffer[1024]; /* small: an idle connection keeps it on its stack */
    ssize_t size;

    while ((size = recv(fd, buffer, sizeof buffer, 0)) > 0)
        if (send_all(fd, buffer, (size_t)size) != 0)
            break;
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s PORT\n", argv[0]);
        return 2;
    }
    int listener = listen_on(argv[1]);

    for (;;)
        serve(echo, next_client(listener));
}
