/* The matrix of descriptors: one call, on every kind of descriptor, with every
 * class of each of its arguments, blocking or not, with a time-out of the socket
 * or none.
 *
 *   matrix [-d DEPTH] [-n] FUNCTION RESULT TYPE...
 *
 * FUNCTION is a name, or syscall:NUMBER; RESULT is int, long or descriptor. DEPTH
 * is how many arguments are unusual at a time (1); with -n only the cases that
 * standard input names are run.
 *
 * Prints a line for each case: its name, a tab, and what came of it:
 *
 *   now      it returned at once
 *   timed    it returned after a time, by itself
 *   event    it waited, and returned when something came for the descriptor
 *   signal   it waited until a handler ran
 *   stuck    it waited even then
 *
 * with the result, errno, and what was delivered. */
#include "matrix.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_PARAMETERS = 7, BATCH = 96, QUIET_MS = 70, SLOW_MS = 2000, TIMEOUT_MS = 40 };

enum mode { BLOCKING, NONBLOCKING, TIMED, MODES };
static const char *const mode_names[] = {"blocking", "nonblocking", "timed"};

/* One case. */
struct one {
    const struct kind *kind;
    enum mode mode;
    size_t class[MOST_PARAMETERS]; /* indices of argument_classes */
};

/* A thread that runs a case. */
enum state { MAKING, CALLING, DONE, ENDED };
struct slot {
    struct one one;
    struct arena arena;
    struct subject subject;
    struct arguments arguments;
    atomic_int state;
    atomic_int stage; /* how far main went to end its wait */
    pthread_t thread;
    sigjmp_buf fault;
    bool has_fault;
    volatile sig_atomic_t broken_pipe;
    char text[400];
};

static long (*function)(long, ...);
static long number = -1; /* of the system call */
static enum { INT, LONG, DESCRIPTOR } result_is;
static int n_parameters;
static const char *parameters[MOST_PARAMETERS];
static __thread struct slot *mine;

/* --- cases -------------------------------------------------------------- */

static size_t first_class(const char *type)
{
    for (size_t i = 0; i < n_argument_classes; i++)
        if (strcmp(argument_classes[i].type, type) == 0)
            return i;
    fprintf(stderr, "no argument of type %s\n", type);
    exit(2);
}

static bool is_of(size_t class, const char *type)
{
    return class < n_argument_classes && strcmp(argument_classes[class].type, type) == 0;
}

static void name_of(const struct one *one, char *name, size_t size)
{
    int used = snprintf(name, size, "%s/%s/", one->kind->name, mode_names[one->mode]);
    for (int i = 0; i < n_parameters; i++)
        used += snprintf(name + used, size - (size_t)used, "%s%s", i ? "," : "",
                         argument_classes[one->class[i]].class);
}

struct list {
    struct one *all;
    size_t n, room;
};

static void add(struct list *list, struct one one)
{
    if (list->n == list->room) {
        list->room = list->room ? list->room * 2 : 1024;
        list->all = realloc(list->all, list->room * sizeof one);
    }
    list->all[list->n++] = one;
}

/* `one` as it is, and with `depth` of its arguments from `from` on changed. */
static void vary(struct list *list, struct one one, int from, int depth)
{
    add(list, one);
    if (depth == 0)
        return;
    for (int i = from; i < n_parameters; i++) {
        struct one other = one;
        while (is_of(++other.class[i], parameters[i]))
            vary(list, other, i + 1, depth - 1);
    }
}

static struct list all_cases(int depth)
{
    struct list list = {0};
    for (size_t k = 0; k < n_kinds(); k++)
        for (int mode = 0; mode < MODES; mode++) {
            struct one one = {.kind = kind_at(k), .mode = mode};
            for (int i = 0; i < n_parameters; i++)
                one.class[i] = first_class(parameters[i]);
            vary(&list, one, 0, depth);
        }
    return list;
}

/* The cases whose names are on standard input. */
static struct list only(struct list all)
{
    static char lines[64][300];
    struct list wanted = {0};
    char name[300];
    size_t n = 0;
    while (n < 64 && fgets(lines[n], sizeof lines[n], stdin))
        lines[n][strcspn(lines[n], "\n")] = 0, n++;
    for (size_t i = 0; i < all.n; i++) {
        name_of(&all.all[i], name, sizeof name);
        for (size_t k = 0; k < n; k++)
            if (strcmp(name, lines[k]) == 0)
                add(&wanted, all.all[i]);
    }
    return wanted;
}

/* --- one case, by a thread of its own ------------------------------------- */

static void on_fault(int signum)
{
    if (!mine || !mine->has_fault) {
        signal(signum, SIG_DFL);
        return;
    }
    mine->has_fault = false;
    siglongjmp(mine->fault, signum);
}

static void on_pipe(int signum)
{
    (void)signum;
    if (mine)
        mine->broken_pipe = 1;
}

static void on_nudge(int signum) { (void)signum; }

static void handle(int signum, void (*handler)(int))
{
    struct sigaction act = {.sa_handler = handler};
    sigemptyset(&act.sa_mask);
    sigaction(signum, &act, NULL);
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void in_mode(struct slot *s)
{
    struct timeval time = {0, TIMEOUT_MS * 1000};
    if (s->one.mode == NONBLOCKING)
        fcntl(s->subject.fd, F_SETFL, fcntl(s->subject.fd, F_GETFL) | O_NONBLOCK);
    if (s->one.mode == TIMED) {
        setsockopt(s->subject.fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
        setsockopt(s->subject.fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
    }
}

static long call(const long *a)
{
    if (number >= 0)
        return function(number, a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
    return function(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
}

static void describe(struct slot *s, const char *when, long result, int error)
{
    char *text = s->text;
    size_t size = sizeof s->text;
    bool gives = result_is == DESCRIPTOR || s->arguments.gives_descriptor;
    if (gives && result >= 0)
        snprintf(text, size, "%s a descriptor", when);
    else if (result >= 65536) /* as much as the buffers had room for, and somebody took meanwhile */
        snprintf(text, size, "%s %s", when, result >= DATA ? "all" : "a part");
    else if (result > 0 && s->one.kind->varies)
        snprintf(text, size, "%s some", when);
    else
        snprintf(text, size, "%s %ld", when, result);
    if (error)
        snprintf(text + strlen(text), size - strlen(text), " %s", strerrorname_np(error) ? strerrorname_np(error) : "?");
    if (s->broken_pipe)
        snprintf(text + strlen(text), size - strlen(text), " SIGPIPE");
    arena_describe(&s->arena, s->one.kind->varies, text, size);
}

static const char *when(const struct slot *s, int64_t took)
{
    switch (atomic_load(&s->stage)) {
    case 0: return took >= TIMEOUT_MS - 10 ? "timed" : "now";
    case 1: return "event";
    default: return "signal";
    }
}

static void run(struct slot *s)
{
    long arguments[MOST_PARAMETERS] = {0};
    in_mode(s);
    for (int i = 0; i < n_parameters; i++)
        arguments[i] = argument_classes[s->one.class[i]].make(&s->arguments);
    int fault = sigsetjmp(s->fault, 1);
    if (fault) {
        snprintf(s->text, sizeof s->text, "%s", strsignal(fault));
        return;
    }
    s->has_fault = true;
    atomic_store(&s->state, CALLING);
    int64_t began = now_ms();
    errno = 0;
    long result = call(arguments);
    int error = errno;
    int64_t took = now_ms() - began;
    const char *how = when(s, took);
    s->has_fault = false;
    atomic_store(&s->state, DONE);
    if (result_is != LONG)
        result = (int)result;
    describe(s, how, result, error);
    if (result >= 0 && (result_is == DESCRIPTOR || s->arguments.gives_descriptor))
        if (result != s->subject.fd)
            close((int)result);
}

static void *thread(void *arg)
{
    struct slot *s = arg;
    mine = s;
    s->subject = (struct subject){.fd = -1, .peer = -1};
    s->one.kind->make(&s->subject);
    if (s->subject.fd == UNAVAILABLE)
        snprintf(s->text, sizeof s->text, "unavailable");
    else if (s->one.mode == TIMED && s->subject.family == AF_UNSPEC)
        s->text[0] = 0; /* no socket has no time-out */
    else
        run(s);
    atomic_store(&s->state, DONE);
    for (int i = 0; i < 2; i++)
        if (s->arguments.partner[i] >= 0)
            close(s->arguments.partner[i]);
    subject_close(&s->subject);
    atomic_store(&s->state, ENDED);
    return NULL;
}

/* --- main ------------------------------------------------------------------ */

static void doze(void)
{
    struct timespec t = {0, 2000000};
    nanosleep(&t, NULL);
}

/* Until all have ended, or those that have not have been in their call for a
 * while. What comes before and after the call may take its time. */
static bool settle(struct slot **slots, size_t n)
{
    int64_t since = now_ms();
    for (int seen = -1;;) {
        int in[ENDED + 1] = {0};
        for (size_t i = 0; i < n; i++)
            in[atomic_load(&slots[i]->state)]++;
        if (in[ENDED] == (int)n)
            return true;
        int64_t patience = in[MAKING] + in[DONE] ? SLOW_MS : QUIET_MS;
        if (in[ENDED] + in[CALLING] != seen) {
            seen = in[ENDED] + in[CALLING];
            since = now_ms();
        } else if (now_ms() - since > patience) {
            return false;
        }
        doze();
    }
}

static void end_waits(struct slot **slots, size_t n, int stage)
{
    for (size_t i = 0; i < n; i++) {
        struct slot *s = slots[i];
        if (atomic_load(&s->state) != CALLING)
            continue;
        atomic_store(&s->stage, stage);
        if (stage > 1)
            pthread_kill(s->thread, SIGUSR1);
        else if (s->one.kind->event)
            s->one.kind->event(&s->subject);
    }
}

static void report(struct slot *s)
{
    char name[300];
    name_of(&s->one, name, sizeof name);
    if (atomic_load(&s->state) != ENDED)
        printf("%s\tstuck\n", name);
    else if (s->text[0])
        printf("%s\t%s\n", name, s->text);
}

static struct slot *new_slot(void)
{
    struct slot *s = calloc(1, sizeof *s);
    arena_map(&s->arena);
    return s;
}

static void batch(const struct one *cases, size_t n)
{
    static struct slot *slots[BATCH];
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 256 * 1024);
    for (size_t i = 0; i < n; i++) {
        struct slot *s = slots[i] ? slots[i] : (slots[i] = new_slot());
        s->one = cases[i];
        arena_reset(&s->arena);
        atomic_store(&s->state, MAKING);
        atomic_store(&s->stage, 0);
        s->arguments = (struct arguments){.arena = &s->arena, .subject = &s->subject, .partner = {-1, -1}};
        s->broken_pipe = 0;
        s->text[0] = 0;
        if (pthread_create(&s->thread, &attr, thread, s) != 0)
            give_up();
    }
    for (int stage = 1; stage <= 3 && !settle(slots, n); stage++)
        end_waits(slots, n, stage);
    settle(slots, n);
    for (size_t i = 0; i < n; i++) {
        report(slots[i]);
        if (atomic_load(&slots[i]->state) == ENDED)
            pthread_join(slots[i]->thread, NULL);
        else
            slots[i] = NULL; /* left to its thread */
    }
    fflush(stdout);
}

static void find_function(const char *name)
{
    if (sscanf(name, "syscall:%ld", &number) == 1)
        name = "syscall";
    function = (long (*)(long, ...))dlsym(RTLD_DEFAULT, name);
    if (!function) {
        fprintf(stderr, "no function %s\n", name);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    int depth = 1;
    bool named = false;
    for (int o; (o = getopt(argc, argv, "+d:n")) != -1;) {
        if (o == 'd')
            depth = atoi(optarg);
        named |= o == 'n';
    }
    argv += optind;
    argc -= optind;
    if (argc < 2 || argc - 2 > MOST_PARAMETERS)
        return 2;
    find_function(argv[0]);
    result_is = strcmp(argv[1], "descriptor") == 0 ? DESCRIPTOR : strcmp(argv[1], "long") == 0 ? LONG : INT;
    n_parameters = argc - 2;
    for (int i = 0; i < n_parameters; i++)
        parameters[i] = argv[i + 2];

    handle(SIGSEGV, on_fault);
    handle(SIGBUS, on_fault);
    handle(SIGPIPE, on_pipe);
    handle(SIGUSR1, on_nudge);
    signal(SIGXFSZ, SIG_IGN);
    kinds_begin();
    struct list cases = all_cases(depth);
    if (named)
        cases = only(cases);
    for (size_t done = 0; done < cases.n; done += BATCH)
        batch(cases.all + done, cases.n - done < BATCH ? cases.n - done : BATCH);
    kinds_end();
    _exit(0);
}
