/* What a thread has of its own: each setting is made by one thread, and asked
 * for by that thread before, at once and after it has moved between OS threads;
 * by threads that are older, that it has made, and that come after its end; and
 * by main.
 *
 *   owned            lists the settings
 *   owned SETTING    one line: who sees what
 */
#include "../c/moves.h"

#include <fenv.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/mempolicy.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <locale.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/mman.h>
#include <xmmintrin.h>

#define ARCH_SET_GS 0x1001
#define ARCH_GET_GS 0x1004
#define ARCH_GET_CPUID 0x1011
#define ARCH_SET_CPUID 0x1012

struct setting {
    const char *name;
    long (*set)(void); /* other than 0: it can't be made here */
    long (*get)(void);
};

/* --- libc's and the CPU's --------------------------------------------------- */

static __thread long variable;
static pthread_key_t key;
static locale_t other_locale;
static int protection;
static uint64_t segment;

static long set_variable(void) { return (variable = 5) - 5; }
static long get_variable(void) { return variable; }
static long set_key(void) { return pthread_setspecific(key, &key); }
static long get_key(void) { return pthread_getspecific(key) != NULL; }
static long set_errno_(void) { return (errno = EXDEV) - EXDEV; }
static long get_errno_(void) { return errno; }
static long set_locale_(void) { return uselocale(other_locale) == NULL; }
static long get_locale_(void) { return uselocale(NULL) == other_locale; }

static long set_cancel(void) { return pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL); }

static long get_cancel(void)
{
    int state;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
    pthread_setcancelstate(state, NULL);
    return state;
}

static long set_rounding(void) { return fesetround(FE_UPWARD); }
static long get_rounding(void) { return fegetround(); }
static long set_flush(void) { return _mm_setcsr(_mm_getcsr() | 0x8040), 0; }
static long get_flush(void) { return _mm_getcsr() & 0x8040; }

static unsigned short control_word(void)
{
    unsigned short word;
    __asm__ volatile("fnstcw %0" : "=m"(word));
    return word;
}

static long set_precision(void)
{
    unsigned short word = control_word() & ~0x300;
    __asm__ volatile("fldcw %0" : : "m"(word));
    return 0;
}

static long get_precision(void) { return control_word(); }
static long set_traps(void) { return feenableexcept(FE_DIVBYZERO) == -1; }
static long get_traps(void) { return fegetexcept(); }

static long set_protection(void)
{
    protection = pkey_alloc(0, 0);
    return protection < 0 ? -1 : pkey_set(protection, PKEY_DISABLE_WRITE);
}

static long get_protection(void) { return protection > 0 ? pkey_get(protection) : -1; }
static long set_gs(void) { return syscall(SYS_arch_prctl, ARCH_SET_GS, &segment); }

static long get_gs(void)
{
    uint64_t base = 1;
    syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
    return base == (uint64_t)&segment;
}

static long set_cpuid(void) { return syscall(SYS_arch_prctl, ARCH_SET_CPUID, 0); }
static long get_cpuid(void) { return syscall(SYS_arch_prctl, ARCH_GET_CPUID, 0); }

/* --- signals ------------------------------------------------------------------ */

static long set_mask(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    return pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static long get_mask(void)
{
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    return sigismember(&set, SIGUSR2);
}

static long set_pending(void) { return set_mask() + raise(SIGUSR2); }

static long get_pending(void)
{
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, SIGUSR2);
}

static long set_stack(void)
{
    static char space[1 << 16];
    stack_t stack = {.ss_sp = space, .ss_size = sizeof space};
    return sigaltstack(&stack, NULL);
}

static long get_stack(void)
{
    stack_t stack;
    sigaltstack(NULL, &stack);
    return stack.ss_flags == SS_DISABLE ? 0 : (long)stack.ss_size;
}

/* --- prctl --------------------------------------------------------------------- */

#define PRCTL(name, set, value, get)                                           \
    static long set_##name(void) { return prctl(set, value, 0, 0, 0); }        \
    static long get_##name(void) { return prctl(get, 0, 0, 0, 0); }
PRCTL(slack, PR_SET_TIMERSLACK, 77777, PR_GET_TIMERSLACK)
PRCTL(no_new_privs, PR_SET_NO_NEW_PRIVS, 1, PR_GET_NO_NEW_PRIVS)
PRCTL(keep_caps, PR_SET_KEEPCAPS, 1, PR_GET_KEEPCAPS)
PRCTL(securebits, PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, PR_GET_SECUREBITS)
PRCTL(dumpable, PR_SET_DUMPABLE, 0, PR_GET_DUMPABLE)
PRCTL(no_huge_pages, PR_SET_THP_DISABLE, 1, PR_GET_THP_DISABLE)
PRCTL(io_flusher, PR_SET_IO_FLUSHER, 1, PR_GET_IO_FLUSHER)

static long set_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1); }

static long get_subreaper(void)
{
    int is = 0;
    prctl(PR_GET_CHILD_SUBREAPER, &is);
    return is;
}

static long set_parent_death(void) { return prctl(PR_SET_PDEATHSIG, SIGUSR1); }

static long get_parent_death(void)
{
    int signum = -1;
    prctl(PR_GET_PDEATHSIG, &signum);
    return signum;
}

static long set_memory_errors(void) { return prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0); }
static long get_memory_errors(void) { return prctl(PR_MCE_KILL_GET, 0, 0, 0, 0); }

static long set_speculation(void)
{
    return prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, PR_SPEC_DISABLE, 0, 0);
}

static long get_speculation(void) { return prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0); }
static long set_bounding(void) { return prctl(PR_CAPBSET_DROP, CAP_SYS_TIME); }
static long get_bounding(void) { return prctl(PR_CAPBSET_READ, CAP_SYS_TIME); }
static long set_name(void) { return prctl(PR_SET_NAME, "mine"); }

static long get_name(void)
{
    char name[16] = "";
    prctl(PR_GET_NAME, name);
    return strcmp(name, "mine") == 0;
}

static long set_filter(void)
{
    struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {1, &allow};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

static long get_filter(void) { return prctl(PR_GET_SECCOMP, 0, 0, 0, 0); }

/* --- the scheduler's ------------------------------------------------------------- */

static long set_nice(void) { return setpriority(PRIO_PROCESS, 0, 5); }
static long get_nice(void) { return getpriority(PRIO_PROCESS, 0); }

static long set_cpus(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(0, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

static long get_cpus(void)
{
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    return CPU_COUNT(&set);
}

static long policy(int which, int priority)
{
    struct sched_param p = {.sched_priority = priority};
    return sched_setscheduler(0, which, &p);
}

static long set_batch(void) { return policy(SCHED_BATCH, 0); }
static long set_not_inherited(void) { return policy(SCHED_BATCH | SCHED_RESET_ON_FORK, 0); }
static long set_realtime(void) { return policy(SCHED_RR, 2); }
static long get_policy(void) { return sched_getscheduler(0); }
static long set_io_priority(void) { return syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 7); }
static long get_io_priority(void) { return syscall(SYS_ioprio_get, 1, 0); }

static long set_memory_policy(void)
{
    unsigned long nodes = 1;
    return syscall(SYS_set_mempolicy, MPOL_INTERLEAVE, &nodes, 64);
}

static long get_memory_policy(void)
{
    int mode = -1;
    syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0);
    return mode;
}

/* --- credentials ------------------------------------------------------------------ */

static long set_user(void) { return syscall(SYS_setresuid, -1, 1000, -1); }
static long get_user(void) { return geteuid(); }
static long set_every_user(void) { return setresuid((uid_t)-1, 1000, (uid_t)-1); }
static long set_group(void) { return syscall(SYS_setresgid, -1, 1000, -1); }
static long get_group(void) { return getegid(); }
static long set_file_user(void) { return setfsuid(1000), 0; }
static long get_file_user(void) { return setfsuid((uid_t)-1); }

static long set_groups(void)
{
    gid_t groups[3] = {1, 2, 3};
    return syscall(SYS_setgroups, 3, groups);
}

static long get_groups(void) { return getgroups(0, NULL); }

static long capabilities(bool drop)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) != 0)
        return -1;
    if (!drop)
        return data[0].effective >> CAP_SYS_TIME & 1;
    data[0].effective &= ~(1u << CAP_SYS_TIME);
    return syscall(SYS_capset, &header, data);
}

static long set_capabilities(void) { return capabilities(true); }
static long get_capabilities(void) { return capabilities(false); }

static long session_at_start;
static long session(void) { return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0); }
static long set_session(void) { return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0; }
static long get_session(void) { return session() == session_at_start; }
static long set_keyring(void) { return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_THREAD_KEYRING, 1) < 0; }
static long get_keyring(void) { return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_THREAD_KEYRING, 0) > 0; }

/* --- what clone may share ----------------------------------------------------------- */

static int descriptor;

static long get_umask(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return mask;
}

static long set_umask(void) { return umask(0123), 0; }
static long set_own_umask(void) { return unshare(CLONE_FS) + set_umask(); }
static long set_directory(void) { return chdir("/usr"); }
static long set_own_directory(void) { return unshare(CLONE_FS) + set_directory(); }

static long get_directory(void)
{
    char path[4096] = "";
    return getcwd(path, sizeof path) && strcmp(path, "/usr") == 0;
}

static long set_closed(void) { return close(descriptor); }
static long set_own_closed(void) { return unshare(CLONE_FILES) + set_closed(); }
static long get_closed(void) { return fcntl(descriptor, F_GETFD); }
static long set_host(void) { return unshare(CLONE_NEWUTS) + sethostname("mine", 4); }

static long get_host(void)
{
    char name[256] = "";
    gethostname(name, sizeof name);
    return strcmp(name, "mine") == 0;
}

static long set_persona(void) { return personality(ADDR_NO_RANDOMIZE) == -1; }
static long get_persona(void) { return personality(0xffffffff); }

static long set_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = 4096;
    return setrlimit(RLIMIT_CORE, &limit);
}

static long get_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_CORE, &limit);
    return limit.rlim_cur == 4096;
}

static struct {
    void *next;
    long offset;
    void *pending;
} robust = {&robust, 0, NULL};

static long set_robust(void) { return syscall(SYS_set_robust_list, &robust, sizeof robust); }

static long get_robust(void)
{
    void *head = NULL;
    size_t size;
    syscall(SYS_get_robust_list, 0, &head, &size);
    return head == &robust;
}

#define BOTH(name) {#name, set_##name, get_##name}
static const struct setting settings[] = {
    BOTH(variable), BOTH(key), {"errno", set_errno_, get_errno_}, {"locale", set_locale_, get_locale_}, BOTH(cancel),
    BOTH(rounding), BOTH(flush), BOTH(precision), BOTH(traps), BOTH(protection), BOTH(gs), BOTH(cpuid),
    BOTH(mask), BOTH(pending), BOTH(stack),
    BOTH(slack), BOTH(no_new_privs), BOTH(keep_caps), BOTH(securebits), BOTH(dumpable), BOTH(no_huge_pages),
    BOTH(io_flusher), BOTH(subreaper), BOTH(parent_death), BOTH(memory_errors), BOTH(speculation), BOTH(bounding),
    BOTH(name), BOTH(filter),
    BOTH(nice), BOTH(cpus), {"batch", set_batch, get_policy}, {"not_inherited", set_not_inherited, get_policy},
    {"realtime", set_realtime, get_policy}, BOTH(io_priority), BOTH(memory_policy),
    BOTH(user), {"every_user", set_every_user, get_user}, BOTH(group), BOTH(file_user), BOTH(groups),
    BOTH(capabilities), BOTH(session), BOTH(keyring),
    BOTH(umask), {"own_umask", set_own_umask, get_umask}, BOTH(directory),
    {"own_directory", set_own_directory, get_directory}, BOTH(closed), {"own_closed", set_own_closed, get_closed},
    BOTH(host), BOTH(persona), BOTH(limit), BOTH(robust),
};
enum { N = sizeof settings / sizeof *settings };

/* --- who sees it ---------------------------------------------------------------------- */

static const struct setting *asked;
static long before, set, at_once, moved, made, older, shown_to_main, later;
static sem_t begun, is_set, may_end;

static void *sees(void *where)
{
    *(long *)where = asked->get();
    return NULL;
}

static void *sees_when_set(void *where)
{
    sem_post(&begun);
    sem_wait(&is_set);
    for (int turn = 0; turn < 20; turn++)
        move_on(turn);
    errno = 0;
    return sees(where);
}

static void *owner(void *arg)
{
    before = asked->get();
    set = asked->set() ? errno : 0;
    if (set == 0) {
        at_once = asked->get();
        bool same = true;
        for (int turn = 0; turn < 60; turn++) {
            int error = errno;
            move_on(turn);
            errno = error;
            same = same && asked->get() == at_once;
        }
        moved = same ? at_once : -99;
    }
    join(spawn(sees, &made));
    sem_post(&is_set);
    sem_wait(&may_end);
    return arg;
}

int main(int argc, char **argv)
{
    for (int i = 0; i < N; i++) {
        if (argc < 2)
            puts(settings[i].name);
        else if (strcmp(settings[i].name, argv[1]) == 0)
            asked = &settings[i];
    }
    if (!asked)
        return argc > 1;
    key = 0;
    pthread_key_create(&key, NULL);
    other_locale = newlocale(LC_ALL_MASK, "C", NULL);
    descriptor = dup(0);
    session_at_start = session();
    sem_init(&begun, 0, 0);
    sem_init(&is_set, 0, 0);
    sem_init(&may_end, 0, 0);
    begin_moves();
    pthread_t first = spawn(sees_when_set, &older);
    sem_wait(&begun);
    pthread_t second = spawn(owner, NULL);
    join(first);
    errno = 0;
    shown_to_main = asked->get();
    sem_post(&may_end);
    join(second);
    for (int i = 0; i < 8; i++) {
        long one;
        join(spawn(sees, &one));
        later = i == 0 || later == one ? one : -99;
    }
    end_moves();
    printf("before %ld, set %ld, at once %ld, moved %ld; made by it %ld, older %ld, main %ld, later %ld\n", before, set,
           at_once, moved, made, older, shown_to_main, later);
    return 0;
}
