/* Three hundred connections at once, a thread for each end, small messages in
 * lockstep. Must not change: each answer is the one to its question, and all
 * threads end when their clients do. */
#include "util.h"

enum { CONNECTIONS = 300, MESSAGES = 30 };
static struct sockaddr_in addr;

static void *serve(void *arg)
{
    int fd = (int)(intptr_t)arg;
    uint32_t word;
    ssize_t n;
    while ((n = recv(fd, &word, sizeof word, MSG_WAITALL)) == sizeof word) {
        word = word * 2654435761u + 1;
        send_all(fd, &word, sizeof word);
    }
    CHECK_EQ(n, 0);
    close(fd);
    return NULL;
}

static void *acceptor(void *arg)
{
    static pthread_t t[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
        intptr_t fd = accept(*(int *)arg, NULL, NULL);
        CHECK(fd >= 0);
        t[i] = spawn(serve, (void *)fd);
    }
    for (int i = 0; i < CONNECTIONS; i++)
        join(t[i]);
    return NULL;
}

static void *ask(void *arg)
{
    int fd = dial(&addr);
    for (uint32_t i = 0, answer; i < MESSAGES; i++) {
        uint32_t word = (uint32_t)(intptr_t)arg * 1000 + i;
        send_all(fd, &word, sizeof word);
        recv_all(fd, &answer, sizeof answer);
        CHECK_EQ(answer, word * 2654435761u + 1);
    }
    close(fd);
    return NULL;
}

int main(void)
{
    static pthread_t t[CONNECTIONS];
    alarm(20);
    int l = listener(&addr);
    pthread_t a = spawn(acceptor, &l);
    for (int i = 0; i < CONNECTIONS; i++)
        t[i] = spawn(ask, (void *)(intptr_t)i);
    for (int i = 0; i < CONNECTIONS; i++)
        join(t[i]);
    join(a);
    must_have_parked("socket", CONNECTIONS);
    OK("%d connections x %d questions", CONNECTIONS, MESSAGES);
}
