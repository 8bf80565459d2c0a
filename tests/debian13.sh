#!/usr/bin/env bash
# A short suite under the glibc of Debian 13: programs of tests/c, built here, run there in a chroot, each bare and
# under the library with 1 worker and with 4. Needs root, debootstrap and a Debian mirror: the one that apt uses here.
#
# The last line reads `N passed, N failed`, or `skipped: REASON` where it cannot be done.
set -euo pipefail
cd "$(dirname "$0")/.."

library=$(realpath "${IOPATCH_LIB:-target/release/libiopatch.so}")
built=target/tests
root=target/debian13
PATH=$PATH:/usr/sbin:/sbin
programs=(
    cond_queue epoll_server fork_from_thread futex_atomic_wait mutex_exclusion mutex_robust os_wait_any_parks popen_semantics
    rw_ping_pong rwlock_invariants
    select_poll_wakes sem_timed socket_many_connections socket_recv_waits stall_system system_cancel system_semantics
    thread_exit_cleanup
    thread_million_joins thread_std time_order tls_dlopen tls_dlopen_initial_exec
    tls_dlopen_runpath tls_errno tls_malloc vfork_nested vfork_shares_memory
)

skip() {
    echo "skipped: $*"
    exit 0
}

# The first Debian archive that apt has here, in either format of its lists.
mirror() {
    { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } |
        awk '$1 == "deb" { for (i = 2; i < NF; i++) if ($i ~ /^https?:/) { print $i; break } } $1 == "URIs:" { print $2 }' |
        grep -E '/debian/?$' | head -n 1
}

# The packages unpacked, which is enough to run programs. A root that was made before is used again.
unpack() {
    local from log=target/debian13.log
    [ ! -e "$root/complete" ] || return 0
    [ "$(id -u)" -eq 0 ] || skip "making a root for Debian 13 needs root's rights"
    command -v debootstrap >/dev/null || skip "debootstrap is not installed"
    from=$(mirror) || skip "apt knows no Debian archive here"
    rm -rf "$root"
    timeout 180 debootstrap --foreign --variant=minbase trixie "$root" "$from" >"$log" 2>&1 </dev/null ||
        skip "debootstrap failed: $(tail -n 1 "$log")"
    # What debootstrap leaves there points at the root's own; an own /dev needs no mount.
    rm -f "$root/proc"
    mkdir -p "$root/proc"
    [ -e "$root/dev/null" ] || mknod -m 666 "$root/dev/null" c 1 3
    [ -e "$root/dev/zero" ] || mknod -m 666 "$root/dev/zero" c 1 5
    touch "$root/complete"
}

main() {
    unpack
    [ "$(id -u)" -eq 0 ] || skip "chroot needs root's rights"
    tests/run --bare-only --out "$built" tls_errno >/dev/null # builds the libraries as well
    tests/run --bare-only --out "$built" "${programs[@]}" >/dev/null || true
    rm -rf "$root/suite"
    mkdir -p "$root/suite"
    cp "$built"/*.so "$root/suite/"
    cp "$library" "$root/suite/libiopatch.so"
    # The mount is in a namespace of its own: it ends with this script, however that ends.
    exec unshare --mount --propagation private bash "$0" --inside
}

inside() {
    local program mode status passed=0 failed=0
    mount -t proc proc "$root/proc" || skip "no /proc can be mounted"
    echo "glibc: $(chroot "$root" ldd --version | head -n 1)"
    for program in "${programs[@]}"; do
        cp "$built/$program" "$root/suite/"
        for mode in bare 1 4; do
            status=0
            preload=(LD_PRELOAD=/suite/libiopatch.so IOPATCH_WORKERS="$mode" IOPATCH_STATS=json)
            [ "$mode" != bare ] || preload=()
            timeout --kill-after=5 60 chroot "$root" /usr/bin/env LC_ALL=C "${preload[@]}" "/suite/$program" \
                >"$root/out" 2>"$root/err" </dev/null || status=$?
            [ "$mode" != bare ] || cp "$root/out" "$root/wanted"
            # The counters prove that the library was there.
            [ "$mode" = bare ] || grep -q '^{"coroutines":[1-9]' "$root/err" || status="$status, no coroutines"
            if [ "$status" = 0 ] && cmp -s "$root/out" "$root/wanted"; then
                passed=$((passed + 1))
            else
                failed=$((failed + 1))
                echo "not ok - $program [$mode]: status $status"
                diff "$root/wanted" "$root/out" | head -n 20 || true
                tail -n 5 "$root/err"
            fi
        done
    done
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}

case ${1:-} in
    --inside) inside ;;
    *) main ;;
esac
