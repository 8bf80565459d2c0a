/* proxy_threads: passes each connection on to another port, with two threads
 * for each client, one a direction. The end of one direction is passed on too,
 * so that a client may finish sending and still read the reply.
 *
 *     cc -O2 -Wall -Wextra -pthread proxy_threads.c -o proxy_threads
 *     ./proxy_threads 7001 7000     (listens on 7001, connects to 7000)
 */
#include "net.h"

struct direction {
    int from, to;
};

static struct sockaddr_in target;

static void *copy(void *arg)
{
    const struct direction *way = arg;
    char buffer[16384];
    ssize_t size;

    while ((size = recv(way->from, buffer, sizeof buffer, 0)) > 0)
        if (send_all(way->to, buffer, (size_t)size) != 0)
            break;
    if (size == 0) {
        shutdown(way->to, SHUT_WR);
    } else {
        /* One side is gone, so nothing is left to say in either direction. */
        shutdown(way->from, SHUT_RDWR);
        shutdown(way->to, SHUT_RDWR);
    }
    return NULL;
}

static void *relay(void *arg)
{
    int client = (int)(intptr_t)arg;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    struct direction up = { client, server }, down = { server, client };
    pthread_t back;

    if (server >= 0 && connect(server, (struct sockaddr *)&target, sizeof target) == 0 &&
        pthread_create(&back, NULL, copy, &down) == 0) {
        copy(&up);
        pthread_join(back, NULL);
    }
    if (server >= 0)
        close(server);
    close(client);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s PORT TARGET_PORT\n", argv[0]);
        return 2;
    }
    target = loopback(argv[2]);
    int listener = listen_on(argv[1]);

    for (;;)
        serve(relay, next_client(listener));
}
