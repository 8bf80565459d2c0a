#!/usr/bin/env bats
# Programs of Rust's std, whose threads, locks and channels are futexes by syscall(): the same natively and under
# iopatch, and on coroutines. IOPATCH_LIB names the library that is tested.
# shellcheck disable=SC2154 # servers.bash and bats set variables

bats_require_minimum_version 1.5.0
load servers

setup() {
    servers_setup
    needs rustc
}

build() { # NAME: of tests/lang, as ./NAME
    rustc --edition 2024 -O -o "$1" "$BATS_TEST_DIRNAME/lang/$1.rs"
}

preloaded() { # WORKERS COMMAND...: its output is in ./out and ./err
    local workers=$1
    shift
    env LD_PRELOAD="$library" IOPATCH_WORKERS="$workers" IOPATCH_STATS=json timeout 30 "$@" >out 2>err 3>&-
}

at_least() { # COUNTER N
    local n
    n=$(counter "$1")
    [ "$n" -ge "$2" ] || { echo "$1 is $n, want at least $2"; return 1; }
}

@test "all that waits in Rust's std does so on coroutines, and prints the same" {
    build std_threads
    timeout 30 ./std_threads >native
    grep -qx 'echo: 50 clients right, 50 connections' native
    for workers in 1 4; do
        preloaded "$workers" ./std_threads
        diff native out
        # Every thread but main, and waits of each kind; one that came too late to wait need not have parked.
        [ "$(counter coroutines)" -eq 283 ] || { echo "coroutines: $(counter coroutines)"; return 1; }
        at_least parks.socket 10
        at_least parks.rw 4
        at_least parks.time 150
        at_least parks.futex 1000
        [ "$(counter os_threads)" -lt 20 ] || { echo "OS threads: $(counter os_threads)"; return 1; }
    done
}

@test "a stack that overflows in a thread of Rust's is told of by its handler" {
    build overflow
    run -134 timeout 30 ./overflow
    [[ "$output" == *"thread 'deep' "*"has overflowed its stack"*"stack overflow, aborting"* ]]
    for workers in 1 4; do
        status=0
        preloaded "$workers" ./overflow || status=$?
        [ "$status" -eq 134 ] || { echo "status $status"; return 1; }
        [ "$(cat out)" = before ]
        grep -q "^thread 'deep' .*has overflowed its stack" err
    done
}
