#!/usr/bin/env bats
# Programs of Python's and Perl's: the same output natively and under iopatch, on coroutines.

bats_require_minimum_version 1.5.0

# INTERPRETER PROGRAM COROUTINES
same() {
    library=${IOPATCH_LIB:-$BATS_TEST_DIRNAME/../target/release/libiopatch.so}
    native=$(timeout 60 "$1" "$BATS_TEST_DIRNAME/lang/$2")
    for workers in 1 4; do
        run --separate-stderr timeout 60 env LD_PRELOAD="$library" IOPATCH_WORKERS=$workers IOPATCH_STATS=json "$1" "$BATS_TEST_DIRNAME/lang/$2"
        [ "$status" -eq 0 ]
        [ "$output" = "$native" ]
        # shellcheck disable=SC2154 # run sets it
        [[ "$stderr" =~ \"coroutines\":([0-9]+) ]]
        [ "${BASH_REMATCH[1]}" -ge "$3" ]
    done
}

@test "python3: threads, locks, queues, pools, servers, children and signals" {
    same /usr/bin/python3 threads.py 40
}

@test "perl: threads, shared variables and queues" {
    /usr/bin/perl -Mthreads -e 1 2>/dev/null || skip "perl without threads"
    same /usr/bin/perl threads.pl 12
}
