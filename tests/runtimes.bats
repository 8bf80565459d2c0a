#!/usr/bin/env bats
# Runtimes with schedulers, signals and stacks of their own: the same output and status natively and under iopatch, on
# coroutines. Neither is installed for the tests: too large.
# shellcheck disable=SC2154 # servers.bash and bats set variables

bats_require_minimum_version 1.5.0
load servers

setup() {
    servers_setup
}

same() { # STATUS COROUTINES COMMAND...
    local wanted=$1 coroutines=$2 status
    shift 2
    status=0
    timeout 60 "$@" >native || status=$?
    [ "$status" -eq "$wanted" ]
    for workers in 1 4; do
        status=0
        env LD_PRELOAD="$library" IOPATCH_WORKERS=$workers IOPATCH_STATS=json timeout 60 "$@" >out 2>err 3>&- || status=$?
        [ "$status" -eq "$wanted" ] || { echo "$workers workers: status $status"; tail -n 20 err; return 1; }
        diff native out
        at_least coroutines "$coroutines"
    done
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
