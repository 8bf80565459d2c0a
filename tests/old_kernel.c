/* Runs a program as on Linux 5.10 and a CPU without FSGSBASE, as far as the
 * library can tell: the calls that came later answer as they did then.
 *
 *   old_kernel program args...
 *
 * A seccomp filter refuses epoll_pwait2 (5.11), MADV_GUARD_INSTALL (6.13),
 * PROCMAP_QUERY (6.11), and preadv2 and pwritev2 with RWF_NOWAIT, which pipes
 * refused. For AT_HWCAP2, see no_fsgsbase.c. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARG(n) ((unsigned)(offsetof(struct seccomp_data, args) + 8 * (n)))
#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (at))
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define ANSWER(e) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (e))
#define GO_ON BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define NUMBER LOAD((unsigned)offsetof(struct seccomp_data, nr))
#define PROCMAP_QUERY 0xc0686611u
#define RWF_NOWAIT 8
#define MADV_GUARD_INSTALL 102

int main(int argc, char **argv)
{
    struct sock_filter rules[] = {
        NUMBER, UNLESS(441 /* epoll_pwait2 */, 1), ANSWER(ENOSYS),
        UNLESS(SYS_madvise, 3), LOAD(ARG(2)), UNLESS(MADV_GUARD_INSTALL, 1), ANSWER(EINVAL),
        NUMBER, UNLESS(SYS_ioctl, 3), LOAD(ARG(1)), UNLESS(PROCMAP_QUERY, 1), ANSWER(ENOTTY),
        NUMBER, UNLESS(SYS_preadv2, 3), LOAD(ARG(5)), UNLESS(RWF_NOWAIT, 1), ANSWER(EOPNOTSUPP),
        NUMBER, UNLESS(SYS_pwritev2, 3), LOAD(ARG(5)), UNLESS(RWF_NOWAIT, 1), ANSWER(EOPNOTSUPP),
        GO_ON,
    };
    struct sock_fprog filter = {sizeof rules / sizeof *rules, rules};
    if (argc < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == -1) {
        perror("old_kernel");
        return 125;
    }
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    return 127;
}
