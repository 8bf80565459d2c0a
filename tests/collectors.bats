#!/usr/bin/env bats
# Collectors of garbage that stop every thread by a signal: the same output and status natively and under iopatch, on
# coroutines. Each test runs REPEAT times (default 1). Those of D's, Guile's and SBCL's are not installed for the tests:
# too large.

bats_require_minimum_version 1.5.0
load servers

setup() {
    servers_setup
}

@test "collector of Boehm's, in C" {
    [ -e /usr/include/gc.h ] || skip "gc.h is not installed"
    cc -O1 -pthread -o collector "$BATS_TEST_DIRNAME/lang/collector.c" -lgc
    same 0 24 ./collector
}

@test "collector of Guile's" {
    needs guile
    same 7 24 guile --no-auto-compile "$BATS_TEST_DIRNAME/lang/collector.scm"
}

@test "collector of D's" {
    needs gdc
    gdc -O1 -o collector "$BATS_TEST_DIRNAME/lang/collector.d"
    same 0 24 ./collector
}

@test "collector of Mono's, which waits for threads to stop or stops them" {
    needs mcs mono
    mcs -out:collector.exe "$BATS_TEST_DIRNAME/lang/Collector.cs"
    for way in hybrid preemptive; do
        MONO_THREADS_SUSPEND=$way same 7 20 mono collector.exe
    done
}

@test "collector of SBCL's" {
    needs sbcl
    same 7 24 sbcl --script "$BATS_TEST_DIRNAME/lang/collector.lisp"
}
