/* client_threads: N threads that each connect to an echo server, send messages
 * of changing sizes and check every byte that comes back.
 *
 *     cc -O2 -Wall -Wextra -pthread client_threads.c -o client_threads
 *     ./client_threads 7000 200 50  (port, threads, messages of each thread)
 *
 * Ends with status 1 if a byte was wrong or missing.
 */
#include "net.h"

static struct sockaddr_in server;
static unsigned long messages;

/* No two threads send the same text, so that a reply that went astray shows. */
static void fill(unsigned char *text, size_t size, uint32_t seed)
{
    for (size_t i = 0; i < size; i++) {
        seed = seed * 1664525u + 1013904223u;
        text[i] = (unsigned char)(seed >> 24);
    }
}

/* Returns the number of bytes that came back right. */
static uintptr_t converse(int fd, uint32_t number)
{
    unsigned char sent[4096], got[4096];
    uintptr_t right = 0;

    for (uint32_t i = 0; i < messages; i++) {
        size_t size = 1 + (number * 31 + i * 997) % sizeof sent;

        fill(sent, size, number << 16 ^ i);
        if (send_all(fd, sent, size) != 0 ||
            recv(fd, got, size, MSG_WAITALL) != (ssize_t)size || memcmp(sent, got, size) != 0)
            break;
        right += size;
    }
    return right;
}

static void *client(void *arg)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    uintptr_t right = 0;

    if (fd < 0 || connect(fd, (struct sockaddr *)&server, sizeof server) != 0)
        perror("connect");
    else
        right = converse(fd, (uint32_t)(uintptr_t)arg);
    if (fd >= 0)
        close(fd);
    return (void *)right;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s PORT THREADS MESSAGES\n", argv[0]);
        return 2;
    }
    server = loopback(argv[1]);
    unsigned long threads = strtoul(argv[2], NULL, 10), right = 0, expected = 0;
    pthread_t *thread = calloc(threads, sizeof *thread);

    messages = strtoul(argv[3], NULL, 10);
    if (!thread)
        die("calloc");
    for (unsigned long n = 0; n < threads; n++) {
        if ((errno = pthread_create(&thread[n], NULL, client, (void *)n)) != 0)
            die("pthread_create");
        for (uint32_t i = 0; i < messages; i++)
            expected += 1 + ((uint32_t)n * 31 + i * 997) % 4096;
    }
    for (unsigned long n = 0; n < threads; n++) {
        void *bytes;

        pthread_join(thread[n], &bytes);
        right += (uintptr_t)bytes;
    }
    free(thread);
    printf("%lu threads: %lu of %lu bytes right\n", threads, right, expected);
    return right != expected;
}
