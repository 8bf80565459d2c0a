/* alone */
/* libs: -lresolv */
/* Threads in getaddrinfo hold nobody up: for a name in /etc/hosts, and for one
 * whose server (a socket of ours that never answers) keeps the resolver
 * waiting for a second. */
#include "ticker.h"
#include <netdb.h>
#include <resolv.h>

static struct sockaddr_in silent;

static void *local(void *arg)
{
    struct addrinfo want = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    for (int i = 0; i < 20; i++) {
        CHECK_EQ(getaddrinfo("localhost", "80", &want, &found), 0);
        const struct sockaddr_in *in = (const struct sockaddr_in *)found->ai_addr;
        CHECK_EQ(ntohl(in->sin_addr.s_addr), INADDR_LOOPBACK);
        CHECK_EQ(ntohs(in->sin_port), 80);
        freeaddrinfo(found);
    }
    return arg;
}

static void *unanswered(void *arg)
{
    unsigned char answer[512];
    struct __res_state state = {0};
    CHECK_EQ(res_ninit(&state), 0);
    state.nscount = 1;
    state.nsaddr_list[0] = silent;
    state.retrans = 1;
    state.retry = 1;
    int64_t start = now_ms();
    CHECK_EQ(res_nquery(&state, "name.invalid", ns_c_in, ns_t_a, answer, sizeof answer),
             -1);
    CHECK(now_ms() - start >= 999);
    res_nclose(&state);
    return arg;
}

int main(void)
{
    SAFETY_NET();
    socklen_t len = sizeof silent;
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    silent = (struct sockaddr_in){.sin_family = AF_INET};
    silent.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_EQ(bind(s, (struct sockaddr *)&silent, len), 0);
    CHECK_EQ(getsockname(s, (struct sockaddr *)&silent, &len), 0);
    ticker_start();
    beside_ticker(4, local, NULL);
    beside_ticker(2, unanswered, NULL);
    ticker_finish();
    return 0;
}
