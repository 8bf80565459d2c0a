/* http_threads: a web server of one page, with a thread for each connection.
 * It answers GET, keeps the connection alive as HTTP/1.1 asks, and takes
 * requests that arrive in pieces or several at once.
 *
 *     cc -O2 -Wall -Wextra -pthread http_threads.c -o http_threads
 *     ./http_threads 8080           (port 0: any free one, which it prints)
 *     curl http://127.0.0.1:8080/
 */
#include "net.h"

#include <stdbool.h>
#include <strings.h>

#define PAGE "<!doctype html><title>hello</title><p>One thread, one connection.\n"

/* `name: value` among the header lines, in any case. */
static bool header_is(const char *request, const char *name, const char *value)
{
    for (const char *line = strstr(request, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        size_t length = strlen(name);

        if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':') {
            const char *at = line + 2 + length + 1;
            at += strspn(at, " \t");
            return strncasecmp(at, value, strlen(value)) == 0;
        }
    }
    return false;
}

/* Answers one request; false when the connection is to be closed. */
static bool answer(int fd, const char *request)
{
    bool get = strncmp(request, "GET ", 4) == 0;
    bool old = strstr(request, " HTTP/1.0\r\n") != NULL;
    bool keep = get && (old ? header_is(request, "Connection", "keep-alive")
                            : !header_is(request, "Connection", "close"));
    char reply[512];
    int size = snprintf(reply, sizeof reply,
                        "HTTP/1.1 %s\r\nContent-Type: text/html\r\n"
                        "Content-Length: %zu\r\nConnection: %s\r\n\r\n%s",
                        get ? "200 OK" : "405 Method Not Allowed", get ? sizeof PAGE - 1 : 0,
                        keep ? "keep-alive" : "close", get ? PAGE : "");

    return send_all(fd, reply, (size_t)size) == 0 && keep;
}

static void *converse(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char request[8192];
    size_t held = 0;
    bool keep = true;

    while (keep && held < sizeof request - 1) {
        ssize_t size = recv(fd, request + held, sizeof request - 1 - held, 0);
        char *end;

        if (size <= 0)
            break;
        held += (size_t)size;
        request[held] = '\0';
        while (keep && (end = strstr(request, "\r\n\r\n")) != NULL) {
            end[2] = '\0';
            keep = answer(fd, request);
            held -= (size_t)(end + 4 - request);
            memmove(request, end + 4, held + 1);
        }
    }
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
        serve(converse, next_client(listener));
}
