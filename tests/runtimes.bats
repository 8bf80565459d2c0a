#!/usr/bin/env bats
# Runtimes with schedulers, signals and stacks of their own: the same output and status natively and under iopatch, on
# coroutines; Go's threads are native. None of them is installed for the tests: too large.
# shellcheck disable=SC2154 # servers.bash and bats set variables

bats_require_minimum_version 1.5.0
load servers

setup() {
    servers_setup
}

@test "java: pools, monitors, interrupts, sockets, children, caught overflows, garbage, an exit in a thread" {
    needs java javac
    javac -d . "$BATS_TEST_DIRNAME/lang/Threads.java"
    same 7 150 java -Xmx128m -cp . Threads
    [ "$(tail -n 1 out)" = 'shutdown hook' ]
}

@test "node: workers, a server, children, files, names, its pool, signals, a worker that is ended" {
    needs node
    same 7 10 node "$BATS_TEST_DIRNAME/lang/threads.js"
    [ "$(tail -n 1 out)" = 'terminated 1' ]
}

stays_native() { # STATUS COMMAND...
    local wanted=$1 status
    shift
    timeout 60 "$@" >native || [ $? -eq "$wanted" ]
    for workers in 1 2 4; do
        for _ in 1 2 3; do
            status=0
            env LD_PRELOAD="$library" IOPATCH_WORKERS=$workers IOPATCH_LOG=stderr timeout 60 "$@" >out 2>err 3>&- || status=$?
            [ "$status" -eq "$wanted" ] || { echo "$workers workers: status $status"; tail -n 20 err; return 1; }
            diff native out
            grep -q "a thread is native: Go's runtime is in the process" err
            ! grep -q 'threads are coroutines' err || return 1
        done
    done
}

@test "go: a program with C beside it, whose threads are native, C's too" {
    needs go
    GO111MODULE=off GOCACHE=$PWD/cache go build -o threads "$BATS_TEST_DIRNAME/lang/threads.go"
    GOMAXPROCS=8 stays_native 7 ./threads
    # What a program linked without an id is known by.
    GO111MODULE=off GOCACHE=$PWD/cache go build -ldflags=-buildid= -o threads "$BATS_TEST_DIRNAME/lang/threads.go"
    GOMAXPROCS=8 stays_native 7 ./threads
}

@test "go: a library of Go's that a program of C's loads, after which threads are native" {
    needs go
    GO111MODULE=off GOCACHE=$PWD/cache go build -buildmode=c-shared -o libdouble.so "$BATS_TEST_DIRNAME/lang/double.go"
    cc -O1 -pthread -o uses_go "$BATS_TEST_DIRNAME/lang/uses_go.c" -ldl
    stays_native 0 ./uses_go
}
