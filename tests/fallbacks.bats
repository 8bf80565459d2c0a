#!/usr/bin/env bats
# What newer kernels and CPUs have is used where it is there, and not missed where it is not.

bats_require_minimum_version 1.5.0

setup_file() {
    cd "$BATS_TEST_DIRNAME/.." || return
    export OUT="$BATS_FILE_TMPDIR"
    export LIB="${IOPATCH_LIB:-$PWD/target/release/libiopatch.so}"
    export PROGRAMS="$PWD/target/tests"
    cc -O1 -Wall -Wextra -Werror -o "$OUT/old_kernel" tests/old_kernel.c
    cc -O1 -Wall -Wextra -Werror -shared -fPIC -o "$OUT/no_fsgsbase.so" tests/no_fsgsbase.c
    # The programs, compiled if this runs before the runner of the C programs.
    [ -x "$PROGRAMS/tls_errno" ] || tests/run --bare-only tls_errno >/dev/null
}

# same PROGRAM COMMAND...: PROGRAM says the same bare and run by COMMAND, with 1 worker and with 2.
same() {
    local name=$1 program=$PROGRAMS/$1 wanted
    shift
    [ -x "$program" ] || (cd "$BATS_TEST_DIRNAME/.." && tests/run --bare-only "$name" >/dev/null)
    wanted=$(timeout 30 "$program" 2>/dev/null)
    for workers in 1 2; do
        run --separate-stderr env IOPATCH_WORKERS=$workers timeout 30 "$@" "$program"
        # shellcheck disable=SC2154 # run sets it
        [ "$status" -eq 0 ] || { echo "$name, $workers workers: status $status: $stderr"; return 1; }
        [ "$output" = "$wanted" ] || { echo "$name, $workers workers: $output"; return 1; }
    done
}

@test "without epoll_pwait2, guard markers and RWF_NOWAIT the programs say the same" {
    for program in tls_errno time_order time_absolute thread_stack_overflow rw_pipe_end rw_pipe_waits rw_fifo rw_pipe_atomic \
        futex_wait_wake socket_recv_waits socket_waitall cond_queue thread_many_alive fork_storm; do
        same "$program" "$OUT/old_kernel" env LD_PRELOAD="$LIB"
    done
}

@test "without PROCMAP_QUERY a futex without the private flag waits in the kernel, and is woken" {
    run -1 --separate-stderr timeout 60 "$OUT/old_kernel" env IOPATCH_WORKERS=2 LD_PRELOAD="$LIB" \
        "$PROGRAMS/futex_atomic_wait"
    # All waits ended; that none of them parked is what the program then complains of.
    [[ "$output" == *"ok: 4 bytes"* && "$output" == *"ok: 8 bytes"* ]]
    [[ "$stderr" == *"parks.futex is 0"* ]]
}

@test "without FSGSBASE the thread pointer is set by the kernel, and the programs say the same" {
    for program in tls_errno tls_variables mutex_exclusion cond_ping_pong socket_recv_waits thread_tree; do
        same "$program" env LD_PRELOAD="$OUT/no_fsgsbase.so:$LIB"
    done
}
