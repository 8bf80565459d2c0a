/* The kinds of descriptor that are sockets, by family and state. */
#include "kinds.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

static struct sockaddr_in full_address, open_address, refused_address;
static struct sockaddr_un full_path = {AF_UNIX, "full"}, open_path = {AF_UNIX, "open"};

static struct sockaddr_in loopback(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

static void bind_to(int fd, struct sockaddr_in *a)
{
    socklen_t len = sizeof *a;
    *a = loopback();
    if (bind(fd, (struct sockaddr *)a, len) != 0 || getsockname(fd, (struct sockaddr *)a, &len) != 0)
        give_up();
}

static int listener(struct sockaddr_in *a, int backlog)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bind_to(fd, a);
    listen(fd, backlog);
    return fd;
}

static int path_listener(struct sockaddr_un *a, int type, int backlog)
{
    int fd = socket(AF_UNIX, type, 0);
    if (bind(fd, (struct sockaddr *)a, sizeof *a) != 0)
        give_up();
    listen(fd, backlog);
    return fd;
}

/* Listeners that nobody accepts from: one with room, one with none. */
void sockets_begin(void)
{
    listener(&open_address, 4096);
    path_listener(&open_path, SOCK_STREAM, 4096);
    listener(&full_address, 0);
    path_listener(&full_path, SOCK_STREAM, 0);
    for (int i = 0; i < 2; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fd, (struct sockaddr *)&full_address, sizeof full_address);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fd, (struct sockaddr *)&full_path, sizeof full_path);
    }
    close(listener(&refused_address, 1));
}

socklen_t address_open(const struct subject *s, struct sockaddr_storage *to)
{
    if (s->family == AF_UNIX) {
        memcpy(to, &open_path, sizeof open_path);
        return sizeof open_path;
    }
    memcpy(to, &open_address, sizeof open_address);
    return sizeof open_address;
}

socklen_t address_full(const struct subject *s, struct sockaddr_storage *to)
{
    if (s->family == AF_UNIX) {
        memcpy(to, &full_path, sizeof full_path);
        return sizeof full_path;
    }
    memcpy(to, &full_address, sizeof full_address);
    return sizeof full_address;
}

static void fresh(struct subject *s, int family, int type)
{
    s->family = family;
    s->type = type;
    s->fd = socket(family, type, 0);
    if (s->fd < 0)
        s->fd = UNAVAILABLE;
}

static void pair(struct subject *s, int type)
{
    int end[2] = {-1, -1};
    if (socketpair(AF_UNIX, type, 0, end) != 0)
        give_up();
    s->family = AF_UNIX;
    s->type = type;
    s->fd = end[0];
    s->peer = end[1];
}

/* --- TCP ---------------------------------------------------------------- */

static void tcp_fresh(struct subject *s) { fresh(s, AF_INET, SOCK_STREAM); }
static void tcp6_fresh(struct subject *s) { fresh(s, AF_INET6, SOCK_STREAM); }

static void tcp_bound(struct subject *s)
{
    struct sockaddr_in a;
    tcp_fresh(s);
    bind_to(s->fd, &a);
}

static void tcp_listening(struct subject *s)
{
    struct sockaddr_in a;
    tcp_fresh(s);
    bind_to(s->fd, &a);
    listen(s->fd, 5);
}

static void connect_to(struct subject *s)
{
    struct sockaddr_storage a;
    socklen_t len = sizeof a;
    int fd = subject_keep(s, socket(s->family, s->type | SOCK_NONBLOCK, 0));
    getsockname(s->fd, (struct sockaddr *)&a, &len);
    connect(fd, (struct sockaddr *)&a, len);
}

static void tcp_listening_ready(struct subject *s)
{
    tcp_listening(s);
    connect_to(s);
}

static void connecting(struct subject *s, struct sockaddr_in to)
{
    tcp_fresh(s);
    int flags = fcntl(s->fd, F_GETFL);
    fcntl(s->fd, F_SETFL, flags | O_NONBLOCK);
    connect(s->fd, (struct sockaddr *)&to, sizeof to);
    fcntl(s->fd, F_SETFL, flags);
}

static void tcp_connecting(struct subject *s) { connecting(s, full_address); }
static void tcp_refused(struct subject *s) { connecting(s, refused_address); }

static void tcp(struct subject *s)
{
    struct sockaddr_in a;
    int l = listener(&a, 5);
    tcp_fresh(s);
    connect(s->fd, (struct sockaddr *)&a, sizeof a);
    s->peer = accept(l, NULL, NULL);
    close(l);
}

static void until_readable(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};
    poll(&p, 1, 1000);
}

static void tcp_data(struct subject *s)
{
    tcp(s);
    give_data(s);
    until_readable(s->fd);
}

static void tcp_urgent(struct subject *s)
{
    tcp(s);
    send(s->peer, "!", 1, MSG_OOB);
    struct pollfd p = {s->fd, POLLPRI, 0};
    poll(&p, 1, 1000);
}

static void tcp_end(struct subject *s)
{
    tcp(s);
    shutdown(s->peer, SHUT_WR);
    until_readable(s->fd);
}

static void tcp_peer_closed(struct subject *s)
{
    tcp(s);
    close_peer(s);
    until_readable(s->fd);
}

static void reset(struct subject *s)
{
    struct linger now = {1, 0};
    setsockopt(s->peer, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close_peer(s);
    until_readable(s->fd);
}

static void tcp_reset(struct subject *s)
{
    tcp(s);
    reset(s);
}

static void tcp_shut_read(struct subject *s)
{
    tcp(s);
    shutdown(s->fd, SHUT_RD);
}

static void tcp_shut_write(struct subject *s)
{
    tcp(s);
    shutdown(s->fd, SHUT_WR);
}

static void tcp_shut_both(struct subject *s)
{
    tcp(s);
    shutdown(s->fd, SHUT_RDWR);
}

static void tcp_full(struct subject *s)
{
    int little = 4096;
    tcp(s);
    setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &little, sizeof little);
    setsockopt(s->peer, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    /* What is on its way leaves the buffer a little later. */
    for (int i = 0; i < 3; i++) {
        fill(s->fd);
        usleep(2000);
    }
}

static void tcp_low_mark(struct subject *s)
{
    int mark = 100;
    tcp_data(s);
    setsockopt(s->fd, SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark);
}

/* --- UDP and other datagrams ---------------------------------------------- */

static void udp_fresh(struct subject *s) { fresh(s, AF_INET, SOCK_DGRAM); }

static void udp(struct subject *s)
{
    struct sockaddr_in a, b;
    udp_fresh(s);
    bind_to(s->fd, &a);
    s->peer = socket(AF_INET, SOCK_DGRAM, 0);
    bind_to(s->peer, &b);
    connect(s->fd, (struct sockaddr *)&b, sizeof b);
    connect(s->peer, (struct sockaddr *)&a, sizeof a);
}

static void udp_data(struct subject *s)
{
    udp(s);
    give_data(s);
}

static void udp_empty_datagram(struct subject *s)
{
    udp(s);
    send(s->peer, "", 0, 0);
}

static void udp_shut_read(struct subject *s)
{
    udp(s);
    shutdown(s->fd, SHUT_RD);
}

/* An error that has come for the socket, and has not been told. */
static void udp_refused(struct subject *s)
{
    udp(s);
    close_peer(s);
    send(s->fd, "x", 1, 0);
}

static void raw_fresh(struct subject *s)
{
    s->family = AF_INET;
    s->type = SOCK_RAW;
    s->fd = socket(AF_INET, SOCK_RAW, 253); /* for experiments */
    if (s->fd < 0)
        s->fd = UNAVAILABLE;
}

static void netlink(struct subject *s)
{
    fresh(s, AF_NETLINK, SOCK_RAW);
}

static void packet(struct subject *s)
{
    s->family = AF_PACKET;
    s->type = SOCK_DGRAM;
    s->fd = socket(AF_PACKET, SOCK_DGRAM, 0); /* protocol 0: it gets nothing */
    if (s->fd < 0)
        s->fd = UNAVAILABLE;
}

/* --- Unix ----------------------------------------------------------------- */

static void unix_fresh(struct subject *s) { fresh(s, AF_UNIX, SOCK_STREAM); }
static void unix_dgram_fresh(struct subject *s) { fresh(s, AF_UNIX, SOCK_DGRAM); }
static void unix_seq_fresh(struct subject *s) { fresh(s, AF_UNIX, SOCK_SEQPACKET); }
static void unix_stream(struct subject *s) { pair(s, SOCK_STREAM); }
static void unix_dgram(struct subject *s) { pair(s, SOCK_DGRAM); }
static void unix_seq(struct subject *s) { pair(s, SOCK_SEQPACKET); }

static void path_listening(struct subject *s, int type)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    fresh(s, AF_UNIX, type);
    new_name(a.sun_path, sizeof a.sun_path);
    bind(s->fd, (struct sockaddr *)&a, sizeof a);
    listen(s->fd, 5);
}

static void unix_listening(struct subject *s) { path_listening(s, SOCK_STREAM); }
static void unix_seq_listening(struct subject *s) { path_listening(s, SOCK_SEQPACKET); }

static void unix_listening_ready(struct subject *s)
{
    unix_listening(s);
    connect_to(s);
}

#define IN_STATE(kind)                                                         \
    static void kind##_data(struct subject *s)                                 \
    {                                                                          \
        kind(s);                                                               \
        give_data(s);                                                          \
    }                                                                          \
    static void kind##_full(struct subject *s)                                 \
    {                                                                          \
        kind(s);                                                               \
        fill(s->fd);                                                           \
    }                                                                          \
    static void kind##_peer_closed(struct subject *s)                          \
    {                                                                          \
        kind(s);                                                               \
        close_peer(s);                                                         \
    }                                                                          \
    static void kind##_shut_read(struct subject *s)                            \
    {                                                                          \
        kind(s);                                                               \
        shutdown(s->fd, SHUT_RD);                                              \
    }                                                                          \
    static void kind##_shut_write(struct subject *s)                           \
    {                                                                          \
        kind(s);                                                               \
        shutdown(s->fd, SHUT_WR);                                              \
    }
IN_STATE(unix_stream)
IN_STATE(unix_dgram)
IN_STATE(unix_seq)

/* Closed with something unread: ECONNRESET. */
static void unix_stream_reset(struct subject *s)
{
    pair(s, SOCK_STREAM);
    if (write(s->fd, "x", 1) == 1)
        close_peer(s);
}

#define STATES(kind)                                                           \
    {#kind, kind, give_data, false},                                           \
    {#kind "_data", kind##_data, give_data, false},                            \
    {#kind "_full", kind##_full, drain_peer, false},                           \
    {#kind "_peer_closed", kind##_peer_closed, NULL, false},                   \
    {#kind "_shut_read", kind##_shut_read, NULL, false},                       \
    {#kind "_shut_write", kind##_shut_write, give_data, false}

const struct kind socket_kinds[] = {
    {"tcp_fresh", tcp_fresh, NULL, false},
    {"tcp6_fresh", tcp6_fresh, NULL, false},
    {"tcp_bound", tcp_bound, NULL, false},
    {"tcp_listening", tcp_listening, connect_to, false},
    {"tcp_listening_ready", tcp_listening_ready, connect_to, false},
    {"tcp_connecting", tcp_connecting, NULL, false},
    {"tcp_refused", tcp_refused, NULL, false},
    {"tcp", tcp, give_data, false},
    {"tcp_data", tcp_data, give_data, false},
    {"tcp_urgent", tcp_urgent, give_data, false},
    {"tcp_end", tcp_end, drain_peer, false},
    {"tcp_peer_closed", tcp_peer_closed, NULL, false},
    {"tcp_reset", tcp_reset, NULL, false},
    {"tcp_shut_read", tcp_shut_read, NULL, false},
    {"tcp_shut_write", tcp_shut_write, give_data, false},
    {"tcp_shut_both", tcp_shut_both, NULL, false},
    {"tcp_full", tcp_full, drain_peer, false},
    {"tcp_low_mark", tcp_low_mark, give_data, false},
    {"udp_fresh", udp_fresh, NULL, false},
    {"udp", udp, give_data, false},
    {"udp_data", udp_data, give_data, false},
    {"udp_empty_datagram", udp_empty_datagram, give_data, false},
    {"udp_shut_read", udp_shut_read, NULL, false},
    {"udp_refused", udp_refused, NULL, false},
    {"raw", raw_fresh, NULL, false},
    {"netlink", netlink, NULL, false},
    {"packet", packet, NULL, false},
    {"unix_fresh", unix_fresh, NULL, false},
    {"unix_dgram_fresh", unix_dgram_fresh, NULL, false},
    {"unix_seq_fresh", unix_seq_fresh, NULL, false},
    {"unix_listening", unix_listening, connect_to, false},
    {"unix_listening_ready", unix_listening_ready, connect_to, false},
    {"unix_seq_listening", unix_seq_listening, connect_to, false},
    {"unix_stream_reset", unix_stream_reset, NULL, false},
    STATES(unix_stream),
    STATES(unix_dgram),
    STATES(unix_seq),
};
const size_t n_socket_kinds = sizeof socket_kinds / sizeof *socket_kinds;
