/* The arguments: for each type of parameter its classes, the usual one first.
 * What they point to lies in the case's arena. */
#include "matrix.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define BAD 16L /* an address where nothing is */
#define FREE 18000 /* a number that nobody has */
#define PATTERN 0xa5

void arena_map(struct arena *a)
{
    a->data = mmap(NULL, DATA + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (a->data == MAP_FAILED)
        give_up();
    a->edge = a->data + DATA;
    mprotect(a->edge, 4096, PROT_NONE);
}

void arena_reset(struct arena *a)
{
    char *data = a->data, *edge = a->edge;
    madvise(data, DATA, MADV_DONTNEED);
    memset(a, PATTERN, sizeof *a);
    a->data = data;
    a->edge = edge;
    memset(data, PATTERN, SEEN);
    a->polled[0].fd = a->polled[1].fd = -1;
    memset(a->sets, 0, sizeof a->sets);
}

/* --- what the classes are made of ------------------------------------------ */

/* The last `size` / 2 bytes that can be touched. */
static long torn(struct arguments *c, size_t size) { return (long)(c->arena->edge - size / 2); }

static long length(struct arguments *c, long bytes)
{
    c->arena->length = (socklen_t)bytes;
    return (long)&c->arena->length;
}

static long segments(struct arguments *c, void *base, size_t first, size_t second)
{
    struct iovec *v = c->arena->vector;
    for (size_t i = 0; i < 1025; i++)
        v[i] = (struct iovec){c->arena->data, 0};
    v[0] = (struct iovec){c->arena->data, first};
    v[1] = (struct iovec){base, second};
    return (long)v;
}

static long usual_segments(struct arguments *c) { return segments(c, c->arena->data + 100, 100, 156); }

static struct msghdr *message(struct arguments *c)
{
    usual_segments(c);
    c->arena->message = (struct msghdr){.msg_iov = c->arena->vector, .msg_iovlen = 2};
    return &c->arena->message;
}

#define MESSAGE(...)                                                           \
    ({                                                                         \
        struct msghdr *m = message(c);                                         \
        __VA_ARGS__;                                                           \
        (long)m;                                                               \
    })

static struct mmsghdr *messages(struct arguments *c)
{
    for (int i = 0; i < 2; i++)
        c->arena->messages[i] = (struct mmsghdr){.msg_hdr = *message(c)};
    return c->arena->messages;
}

#define MESSAGES(...)                                                          \
    ({                                                                         \
        struct mmsghdr *m = messages(c);                                       \
        __VA_ARGS__;                                                           \
        (long)m;                                                               \
    })

static long time_of(struct arguments *c, time_t seconds, long nanoseconds)
{
    c->arena->time = (struct timespec){seconds, nanoseconds};
    return (long)&c->arena->time;
}

/* An absolute time, some milliseconds from now. */
static long time_in(struct arguments *c, long milliseconds)
{
    struct timespec *t = &c->arena->time;
    clock_gettime(CLOCK_REALTIME, t);
    t->tv_nsec += milliseconds * 1000000;
    t->tv_sec += t->tv_nsec / 1000000000;
    t->tv_nsec %= 1000000000;
    return (long)t;
}

static long interval(struct arguments *c, time_t seconds, long microseconds)
{
    c->arena->interval = (struct timeval){seconds, microseconds};
    return (long)&c->arena->interval;
}

static long polled(struct arguments *c, int events, int second)
{
    c->arena->polled[0] = (struct pollfd){c->subject->fd, (short)events, 0};
    c->arena->polled[1] = (struct pollfd){second, POLLIN, 0};
    return (long)c->arena->polled;
}

/* A set with the descriptor, where a set can have it. */
static long set_of(struct arguments *c, int which)
{
    int fd = c->subject->fd;
    if (fd >= 0 && fd < FD_SETSIZE)
        FD_SET(fd, &c->arena->sets[which]);
    else
        FD_SET(1000, &c->arena->sets[which]); /* not open */
    return (long)&c->arena->sets[which];
}

static long below(struct arguments *c)
{
    int fd = c->subject->fd;
    return fd >= 0 && fd < FD_SETSIZE ? fd + 1 : 1001;
}

static long event(struct arguments *c, unsigned events)
{
    c->arena->events[0] = (struct epoll_event){.events = events, .data.u64 = 7};
    return (long)c->arena->events;
}

static long offset(struct arguments *c, off_t at)
{
    c->arena->offset = at;
    return (long)&c->arena->offset;
}

static long no_signals(struct arguments *c)
{
    sigemptyset(&c->arena->mask);
    return (long)&c->arena->mask;
}

static long address(struct arguments *c, int family)
{
    c->arena->length = address_open(c->subject, &c->arena->address);
    c->arena->address.ss_family = family < 0 ? c->arena->address.ss_family : (sa_family_t)family;
    return (long)&c->arena->address;
}

static long address_without_room(struct arguments *c)
{
    c->arena->length = address_full(c->subject, &c->arena->address);
    return (long)&c->arena->address;
}

static long address_length(struct arguments *c)
{
    return c->subject->family == AF_UNIX ? (long)sizeof(struct sockaddr_un) : (long)sizeof(struct sockaddr_in);
}

static long value(struct arguments *c, long first, long second)
{
    memcpy(c->arena->value, &first, sizeof first);
    memcpy(c->arena->value + sizeof first, &second, sizeof second);
    return (long)c->arena->value;
}

/* A descriptor beside the one that is asked about. */
static long partner(struct arguments *c, int fd)
{
    c->partner[c->partner[0] >= 0] = fd;
    return fd;
}

/* The reading end of a pipe with five bytes, or the writing end of an empty one. */
static long other_pipe(struct arguments *c, bool source)
{
    int end[2];
    if (pipe(end) != 0 || (source && write(end[1], "12345", 5) != 5))
        give_up();
    c->partner[0] = end[0];
    c->partner[1] = end[1];
    return end[!source];
}

static long filled_file(struct arguments *c)
{
    int fd = memfd_create("f", 0);
    if (write(fd, "0123456789abcdef", 16) != 16 || lseek(fd, 0, SEEK_SET) != 0)
        give_up();
    return partner(c, fd);
}

static long command(struct arguments *c, int command)
{
    c->command = command;
    c->gives_descriptor = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
    return (unsigned)command;
}

/* The argument that goes with a command of fcntl. */
static long for_command(struct arguments *c)
{
    switch (c->command) {
    case F_SETFL: return O_NONBLOCK;
    case F_DUPFD:
    case F_DUPFD_CLOEXEC: return 0;
    case F_SETFD: return FD_CLOEXEC;
    case F_SETPIPE_SZ: return 4096;
    case F_ADD_SEALS: return F_SEAL_WRITE;
    case F_SETOWN: return getpid();
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_SETLKW:
        memset(c->arena->value, 0, sizeof c->arena->value);
        ((struct flock *)c->arena->value)->l_type = F_RDLCK;
        return (long)c->arena->value;
    default: return (long)c->arena->value;
    }
}

static long for_request(struct arguments *c)
{
    memset(c->arena->value, 0, sizeof c->arena->value);
    return (long)c->arena->value;
}

/* type, class, what it is made of */
#define ARGUMENTS(X)                                                           \
    X(fd, usual, c->subject->fd)                                               \
    X(source, usual, other_pipe(c, true))                                      \
    X(sink, usual, other_pipe(c, false))                                       \
    X(file_source, usual, filled_file(c))                                      \
    X(spare, usual, partner(c, open("/dev/null", O_RDWR)))                     \
    X(number, usual, partner(c, open("/dev/zero", O_RDWR)))                    \
    X(number, itself, c->subject->fd)                                          \
    X(number, negative, -1)                                                    \
    X(number, huge, 1 << 30)                                                   \
    X(epoll, usual, partner(c, epoll_create1(0)))                              \
    X(epoll, itself, c->subject->fd)                                           \
    X(target, usual, partner(c, eventfd(0, 0)))                                \
    X(target, itself, c->subject->fd)                                          \
    X(target, closed, FREE)                                                    \
    X(out, usual, (long)c->arena->data)                                        \
    X(out, null, 0)                                                            \
    X(out, bad, BAD)                                                           \
    X(out, misaligned, (long)c->arena->data + 1)                               \
    X(out, torn, torn(c, 8))                                                   \
    X(in, usual, (long)c->arena->data)                                         \
    X(in, null, 0)                                                             \
    X(in, bad, BAD)                                                            \
    X(in, misaligned, (long)c->arena->data + 1)                                \
    X(in, torn, torn(c, 8))                                                    \
    X(size, usual, 256)                                                        \
    X(size, zero, 0)                                                           \
    X(size, one, 1)                                                            \
    X(size, four, 4)                                                           \
    X(size, eight, 8)                                                          \
    X(size, big, DATA)                                                         \
    X(size, huge, 1L << 40)                                                    \
    X(size, negative, -1)                                                      \
    X(room, usual, -1)                                                         \
    X(segments, usual, usual_segments(c))                                      \
    X(segments, second_empty, segments(c, c->arena->data, 100, 0))             \
    X(segments, all_empty, segments(c, c->arena->data, 0, 0))                  \
    X(segments, big, segments(c, c->arena->data, 100, DATA))                   \
    X(segments, null, 0)                                                       \
    X(segments, bad, BAD)                                                      \
    X(segments, misaligned, usual_segments(c) + 1)                             \
    X(segments, second_bad, segments(c, (void *)BAD, 100, 100))                \
    X(segments, too_long, segments(c, c->arena->data, SSIZE_MAX, SSIZE_MAX))   \
    X(segments, negative, segments(c, c->arena->data, 1, (size_t)-1))          \
    X(n_segments, usual, 2)                                                    \
    X(n_segments, zero, 0)                                                     \
    X(n_segments, one, 1)                                                      \
    X(n_segments, most, 1024)                                                  \
    X(n_segments, too_many, 1025)                                              \
    X(n_segments, negative, (unsigned)-1)                                      \
    X(message, usual, (long)message(c))                                        \
    X(message, named, MESSAGE(m->msg_name = &c->arena->address, m->msg_namelen = sizeof c->arena->address)) \
    X(message, control, MESSAGE(m->msg_control = memset(c->arena->value, 0, 64), m->msg_controllen = 64)) \
    X(message, no_segments, MESSAGE(m->msg_iovlen = 0))                        \
    X(message, too_many, MESSAGE(m->msg_iovlen = 1025))                        \
    X(message, bad_segments, MESSAGE(m->msg_iov = (void *)BAD))                \
    X(message, second_bad, MESSAGE(segments(c, (void *)BAD, 100, 100)))        \
    X(message, bad_name, MESSAGE(m->msg_name = (void *)BAD, m->msg_namelen = 16)) \
    X(message, negative_name, MESSAGE(m->msg_name = &c->arena->address, m->msg_namelen = (socklen_t)-1)) \
    X(message, bad_control, MESSAGE(m->msg_control = (void *)BAD, m->msg_controllen = 64)) \
    X(message, big, MESSAGE(segments(c, c->arena->data, 100, DATA)))           \
    X(message, null, 0)                                                        \
    X(message, bad, BAD)                                                       \
    X(message, misaligned, (long)message(c) + 1)                               \
    X(messages, usual, (long)messages(c))                                      \
    X(messages, second_bad, MESSAGES(m[1].msg_hdr.msg_iov = (void *)BAD))      \
    X(messages, first_bad, MESSAGES(m[0].msg_hdr.msg_iov = (void *)BAD))       \
    X(messages, too_many, MESSAGES(m[0].msg_hdr.msg_iovlen = 1025))            \
    X(messages, null, 0)                                                       \
    X(messages, bad, BAD)                                                      \
    X(n_messages, usual, 2)                                                    \
    X(n_messages, zero, 0)                                                     \
    X(n_messages, one, 1)                                                      \
    X(receive_flags, usual, 0)                                                 \
    X(receive_flags, dontwait, MSG_DONTWAIT)                                   \
    X(receive_flags, peek, MSG_PEEK)                                           \
    X(receive_flags, oob, MSG_OOB)                                             \
    X(receive_flags, waitall, MSG_WAITALL)                                     \
    X(receive_flags, waitall_peek, MSG_WAITALL | MSG_PEEK)                     \
    X(receive_flags, truncated, MSG_TRUNC)                                     \
    X(receive_flags, errors, MSG_ERRQUEUE)                                     \
    X(receive_flags, waitforone, MSG_WAITFORONE)                               \
    X(receive_flags, unknown, 0x08000000)                                      \
    X(receive_flags, negative, (unsigned)-1)                                   \
    X(send_flags, usual, 0)                                                    \
    X(send_flags, dontwait, MSG_DONTWAIT)                                      \
    X(send_flags, nosignal, MSG_NOSIGNAL)                                      \
    X(send_flags, oob, MSG_OOB)                                                \
    X(send_flags, more, MSG_MORE)                                              \
    X(send_flags, record, MSG_EOR)                                             \
    X(send_flags, dontroute, MSG_DONTROUTE)                                    \
    X(send_flags, zerocopy, MSG_ZEROCOPY)                                      \
    X(send_flags, fastopen, MSG_FASTOPEN)                                      \
    X(send_flags, unknown, 0x08000000)                                         \
    X(accept_flags, usual, 0)                                                  \
    X(accept_flags, both, SOCK_NONBLOCK | SOCK_CLOEXEC)                        \
    X(accept_flags, unknown, 0x40000000)                                       \
    X(vector_flags, usual, 0)                                                  \
    X(vector_flags, nowait, RWF_NOWAIT)                                        \
    X(vector_flags, hipri, RWF_HIPRI)                                          \
    X(vector_flags, append, RWF_APPEND)                                        \
    X(vector_flags, sync, RWF_DSYNC)                                           \
    X(vector_flags, unknown, 0x40000000)                                       \
    X(pipe_flags, usual, 0)                                                    \
    X(pipe_flags, nonblock, 2)                                                 \
    X(pipe_flags, more, 4)                                                     \
    X(pipe_flags, unknown, 0xff00)                                             \
    X(cloexec, usual, 0)                                                       \
    X(cloexec, set, O_CLOEXEC)                                                 \
    X(cloexec, unknown, 0x7)                                                   \
    X(range_flags, usual, 0)                                                   \
    X(range_flags, cloexec, 4)                                                 \
    X(range_flags, unknown, 0x100)                                             \
    X(address_out, usual, (long)&c->arena->address)                            \
    X(address_out, null, 0)                                                    \
    X(address_out, bad, BAD)                                                   \
    X(length_out, usual, length(c, sizeof c->arena->address))                  \
    X(length_out, zero, length(c, 0))                                          \
    X(length_out, two, length(c, 2))                                           \
    X(length_out, negative, length(c, -1))                                     \
    X(length_out, null, 0)                                                     \
    X(length_out, bad, BAD)                                                    \
    X(address_in, usual, address(c, -1))                                       \
    X(address_in, full, address_without_room(c))                               \
    X(address_in, unspecified, address(c, AF_UNSPEC))                          \
    X(address_in, other, address(c, AF_APPLETALK))                             \
    X(address_in, null, 0)                                                     \
    X(address_in, bad, BAD)                                                    \
    X(length_in, usual, address_length(c))                                     \
    X(length_in, zero, 0)                                                      \
    X(length_in, two, 2)                                                       \
    X(length_in, negative, (unsigned)-1)                                       \
    X(length_in, huge, 1 << 20)                                                \
    X(destination, none, 0)                                                    \
    X(destination, usual, address(c, -1))                                      \
    X(destination, bad, BAD)                                                   \
    X(destination_length, none, c->arena->length == 0xa5a5a5a5 ? 0 : address_length(c)) \
    X(destination_length, two, 2)                                              \
    X(destination_length, huge, 1 << 20)                                       \
    X(for_ms, ever, (unsigned)-1)                                              \
    X(for_ms, none, 0)                                                         \
    X(for_ms, some, 40)                                                        \
    X(for_ms, least, (unsigned)INT_MIN)                                        \
    X(for_ms, most, INT_MAX)                                                   \
    X(for_time, ever, 0)                                                       \
    X(for_time, none, time_of(c, 0, 0))                                        \
    X(for_time, some, time_of(c, 0, 40000000))                                 \
    X(for_time, negative, time_of(c, -1, 0))                                   \
    X(for_time, wrong, time_of(c, 0, 1000000000))                              \
    X(for_time, huge, time_of(c, LONG_MAX, 0))                                 \
    X(for_time, bad, BAD)                                                      \
    X(until, soon, time_in(c, 40))                                             \
    X(until, null, 0)                                                          \
    X(until, past, time_of(c, 1, 0))                                           \
    X(until, negative, time_of(c, -1, 0))                                      \
    X(until, wrong, time_of(c, 4000000000, 1000000000))                        \
    X(until, bad, BAD)                                                         \
    X(for_interval, ever, 0)                                                   \
    X(for_interval, none, interval(c, 0, 0))                                   \
    X(for_interval, some, interval(c, 0, 40000))                               \
    X(for_interval, negative, interval(c, -1, 0))                              \
    X(for_interval, much, interval(c, 0, 1000000))                             \
    X(for_interval, negative_part, interval(c, 0, -1))                         \
    X(for_interval, huge, interval(c, LONG_MAX, 0))                            \
    X(for_interval, bad, BAD)                                                  \
    X(mask, none, 0)                                                           \
    X(mask, empty, no_signals(c))                                              \
    X(mask, bad, BAD)                                                          \
    X(mask_size, usual, 8)                                                     \
    X(mask_size, zero, 0)                                                      \
    X(mask_size, sixteen, 16)                                                  \
    X(signalfd_flags, usual, 0)                                                \
    X(signalfd_flags, both, O_NONBLOCK | O_CLOEXEC)                            \
    X(signalfd_flags, unknown, 0x7)                                            \
    X(polled, in, polled(c, POLLIN, -1))                                       \
    X(polled, out, polled(c, POLLOUT, -1))                                     \
    X(polled, priority, polled(c, POLLPRI, -1))                                \
    X(polled, hangup, polled(c, POLLRDHUP, -1))                                \
    X(polled, all, polled(c, 0x7fff, -1))                                      \
    X(polled, nothing, polled(c, 0, -1))                                       \
    X(polled, closed_beside, polled(c, POLLIN, FREE))                          \
    X(polled, null, 0)                                                         \
    X(polled, bad, BAD)                                                        \
    X(n_polled, usual, 2)                                                      \
    X(n_polled, zero, 0)                                                       \
    X(n_polled, one, 1)                                                        \
    X(n_polled, huge, 1 << 30)                                                 \
    X(below, usual, below(c))                                                  \
    X(below, zero, 0)                                                          \
    X(below, negative, (unsigned)-1)                                           \
    X(below, huge, 1 << 20)                                                    \
    X(read_set, usual, set_of(c, 0))                                           \
    X(read_set, null, 0)                                                       \
    X(read_set, bad, BAD)                                                      \
    X(write_set, null, 0)                                                      \
    X(write_set, usual, set_of(c, 1))                                          \
    X(write_set, bad, BAD)                                                     \
    X(except_set, null, 0)                                                     \
    X(except_set, usual, set_of(c, 2))                                         \
    X(except_set, bad, BAD)                                                    \
    X(events, usual, (long)c->arena->events)                                   \
    X(events, null, 0)                                                         \
    X(events, bad, BAD)                                                        \
    X(events, misaligned, (long)c->arena->events + 1)                          \
    X(n_events, usual, 4)                                                      \
    X(n_events, zero, 0)                                                       \
    X(n_events, negative, (unsigned)-1)                                        \
    X(n_events, huge, 1 << 30)                                                 \
    X(watch, add, EPOLL_CTL_ADD)                                               \
    X(watch, modify, EPOLL_CTL_MOD)                                            \
    X(watch, remove, EPOLL_CTL_DEL)                                            \
    X(watch, unknown, 77)                                                      \
    X(event, in, event(c, EPOLLIN))                                            \
    X(event, edge, event(c, EPOLLIN | EPOLLOUT | EPOLLET))                     \
    X(event, exclusive, event(c, EPOLLIN | EPOLLEXCLUSIVE))                    \
    X(event, exclusive_once, event(c, EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT)) \
    X(event, null, 0)                                                          \
    X(event, bad, BAD)                                                         \
    X(offset_at, null, 0)                                                      \
    X(offset_at, zero, offset(c, 0))                                           \
    X(offset_at, five, offset(c, 5))                                           \
    X(offset_at, negative, offset(c, -5))                                      \
    X(offset_at, bad, BAD)                                                     \
    X(offset, here, -1)                                                        \
    X(offset, zero, 0)                                                         \
    X(offset, five, 5)                                                         \
    X(offset, negative, -5)                                                    \
    X(level, socket, SOL_SOCKET)                                               \
    X(level, tcp, IPPROTO_TCP)                                                 \
    X(level, unknown, 9999)                                                    \
    X(option, receive_time, SO_RCVTIMEO)                                       \
    X(option, send_time, SO_SNDTIMEO)                                          \
    X(option, error, SO_ERROR)                                                 \
    X(option, type, SO_TYPE)                                                   \
    X(option, accepts, SO_ACCEPTCONN)                                          \
    X(option, low_mark, SO_RCVLOWAT)                                           \
    X(option, receive_buffer, SO_RCVBUF)                                       \
    X(option, linger, SO_LINGER)                                               \
    X(option, unknown, 9999)                                                   \
    X(option_value, usual, value(c, 1, 20000))                                 \
    X(option_value, zero, value(c, 0, 0))                                      \
    X(option_value, negative, value(c, -1, 0))                                 \
    X(option_value, much, value(c, 0, 1000000))                                \
    X(option_value, null, 0)                                                   \
    X(option_value, bad, BAD)                                                  \
    X(option_length, usual, 16)                                                \
    X(option_length, zero, 0)                                                  \
    X(option_length, two, 2)                                                   \
    X(option_length, four, 4)                                                  \
    X(option_length, negative, (unsigned)-1)                                   \
    X(value_out, usual, (long)c->arena->value)                                 \
    X(value_out, null, 0)                                                      \
    X(value_out, bad, BAD)                                                     \
    X(value_length, usual, length(c, 16))                                      \
    X(value_length, two, length(c, 2))                                         \
    X(value_length, zero, length(c, 0))                                        \
    X(value_length, negative, length(c, -1))                                   \
    X(value_length, null, 0)                                                   \
    X(value_length, bad, BAD)                                                  \
    X(count_in, one, 1)                                                        \
    X(count_in, zero, 0)                                                       \
    X(count_in, most, -2)                                                      \
    X(count_in, too_much, -1)                                                  \
    X(shut, read, SHUT_RD)                                                     \
    X(shut, write, SHUT_WR)                                                    \
    X(shut, both, SHUT_RDWR)                                                   \
    X(shut, unknown, 77)                                                       \
    X(backlog, usual, 5)                                                       \
    X(backlog, zero, 0)                                                        \
    X(backlog, negative, (unsigned)-1)                                         \
    X(command, get_flags, command(c, F_GETFL))                                 \
    X(command, set_flags, command(c, F_SETFL))                                 \
    X(command, get_cloexec, command(c, F_GETFD))                               \
    X(command, set_cloexec, command(c, F_SETFD))                               \
    X(command, duplicate, command(c, F_DUPFD))                                 \
    X(command, duplicate_cloexec, command(c, F_DUPFD_CLOEXEC))                 \
    X(command, get_lock, command(c, F_GETLK))                                  \
    X(command, set_lock, command(c, F_SETLK))                                  \
    X(command, wait_lock, command(c, F_SETLKW))                                \
    X(command, wait_file_lock, command(c, F_OFD_SETLKW))                       \
    X(command, get_owner, command(c, F_GETOWN))                                \
    X(command, get_owner_ex, command(c, F_GETOWN_EX))                          \
    X(command, get_pipe, command(c, F_GETPIPE_SZ))                             \
    X(command, set_pipe, command(c, F_SETPIPE_SZ))                             \
    X(command, get_seals, command(c, F_GET_SEALS))                             \
    X(command, add_seals, command(c, F_ADD_SEALS))                             \
    X(command, unknown, command(c, 7777))                                      \
    X(command, negative, command(c, -1))                                       \
    X(command_argument, usual, for_command(c))                                 \
    X(command_argument, null, 0)                                               \
    X(command_argument, bad, BAD)                                              \
    X(command_argument, negative, -1)                                          \
    X(request, readable, command(c, FIONREAD))                                 \
    X(request, nonblock, command(c, FIONBIO))                                  \
    X(request, async, command(c, FIOASYNC))                                    \
    X(request, window, command(c, TIOCGWINSZ))                                 \
    X(request, cloexec, command(c, FIOCLEX))                                   \
    X(request, mark, command(c, SIOCATMARK))                                   \
    X(request, unknown, command(c, 0x123456))                                  \
    X(request_argument, usual, for_request(c))                                 \
    X(request_argument, null, 0)                                               \
    X(request_argument, bad, BAD)                                              \
    X(path, dot, (long)".")                                                    \
    X(path, missing, (long)"missing")                                          \
    X(path, absolute, (long)"/")                                               \
    X(path, empty, (long)"")                                                   \
    X(path, null, 0)                                                           \
    X(path, bad, BAD)                                                          \
    X(open_flags, read, O_RDONLY)                                              \
    X(open_flags, directory, O_DIRECTORY)                                      \
    X(open_flags, write, O_WRONLY)                                             \
    X(open_flags, path, O_PATH)                                                \
    X(mode, usual, 0600)                                                       \
    X(lock, exclusive, LOCK_EX)                                                \
    X(lock, shared, LOCK_SH)                                                   \
    X(lock, unlock, LOCK_UN)                                                   \
    X(lock, try, LOCK_EX | LOCK_NB)                                            \
    X(lock, unknown, 77)                                                       \
    X(lockf, lock, F_LOCK)                                                     \
    X(lockf, try, F_TLOCK)                                                     \
    X(lockf, unlock, F_ULOCK)                                                  \
    X(lockf, test, F_TEST)                                                     \
    X(lockf, unknown, 77)                                                      \
    X(lock_length, all, 0)                                                     \
    X(lock_length, one, 1)                                                     \
    X(lock_length, negative, -1)                                               \
    X(priority, usual, 3)                                                      \
    X(priority, huge, (unsigned)-1)                                            \
    X(priority_out, usual, (long)c->arena->value)                              \
    X(priority_out, null, 0)                                                   \
    X(priority_out, bad, BAD)                                                  \
    X(namespace, any, 0)                                                       \
    X(namespace, uts, CLONE_NEWUTS)                                            \
    X(namespace, unknown, 1)                                                   \
    X(id_kind, descriptor, 3)                                                  \
    X(info_out, usual, (long)&c->arena->info)                                  \
    X(info_out, null, 0)                                                       \
    X(info_out, bad, BAD)                                                      \
    X(wait_for, end, 4 | 0x01000000)                                           \
    X(wait_for, end_now, 4 | 0x01000000 | 1)                                   \
    X(wait_for, nothing, 0)                                                    \
    X(wait_for, unknown, 0x100000)

#define MAKE(type, class, expression)                                          \
    static long type##_##class(__attribute__((unused)) struct arguments *c)    \
    {                                                                          \
        return (long)(expression);                                             \
    }
ARGUMENTS(MAKE)

#define ROW(type, class, expression) {#type, #class, type##_##class},
const struct argument argument_classes[] = {ARGUMENTS(ROW)};
const size_t n_argument_classes = sizeof argument_classes / sizeof *argument_classes;

/* --- what was delivered ----------------------------------------------------- */

static uint32_t hash(const void *bytes, size_t n)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ ((const unsigned char *)bytes)[i]) * 16777619u;
    return h;
}

static bool untouched(const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (((const unsigned char *)bytes)[i] != PATTERN)
            return false;
    return true;
}

__attribute__((format(printf, 3, 4))) static void say(char *text, size_t size, const char *format, ...)
{
    va_list args;
    size_t used = strlen(text);
    va_start(args, format);
    vsnprintf(text + used, size - used, format, args);
    va_end(args);
}

void arena_describe(const struct arena *a, bool varies, char *text, size_t size)
{
    if (!untouched(a->data, SEEN))
        say(text, size, " data %08x", varies ? 0 : hash(a->data, SEEN));
    if (!untouched(&a->address, sizeof a->address))
        say(text, size, " address of family %d", a->address.ss_family);
    if (a->length != 0xa5a5a5a5)
        say(text, size, " length %d", (int)a->length);
    if (!untouched(&a->message, sizeof a->message))
        say(text, size, " message %u %zu %x", a->message.msg_namelen, a->message.msg_controllen, a->message.msg_flags);
    for (int i = 0; i < 2; i++)
        if (!untouched(&a->messages[i], sizeof a->messages[i]))
            say(text, size, " message %u %x", a->messages[i].msg_len, a->messages[i].msg_hdr.msg_flags);
    if (!untouched(&a->interval, sizeof a->interval))
        say(text, size, " left %s", a->interval.tv_sec || a->interval.tv_usec ? "some" : "none");
    if (a->polled[0].fd != -1)
        say(text, size, " polled %x %x", a->polled[0].revents, a->polled[1].revents);
    for (int i = 0; i < 3; i++)
        for (int fd = 0; fd < FD_SETSIZE; fd++)
            if (FD_ISSET(fd, &a->sets[i]))
                say(text, size, " set %d", i);
    for (int i = 0; i < 4; i++)
        if (!untouched(&a->events[i], sizeof a->events[i]))
            say(text, size, " event %x %lx", a->events[i].events, (long)a->events[i].data.u64);
    if (!untouched(&a->offset, sizeof a->offset))
        say(text, size, " offset %ld", (long)a->offset);
    if (!untouched(&a->info, sizeof a->info))
        say(text, size, " info %d %d %d", a->info.si_signo, a->info.si_code, a->info.si_status);
    if (!untouched(a->value, sizeof a->value))
        say(text, size, " value %08x", varies ? 0 : hash(a->value, sizeof a->value));
}
