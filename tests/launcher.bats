#!/usr/bin/env bats
# The launcher and the surface of the library. IOPATCH and IOPATCH_LIB name the two that are tested.

# shellcheck disable=SC2016 # scripts in single quotes are for the shells that they are given to
# shellcheck disable=SC2030,SC2031 # what a test sets is its own: each runs in a subshell

bats_require_minimum_version 1.5.0

setup() {
    root=$BATS_TEST_DIRNAME/..
    iopatch=${IOPATCH:-$root/target/release/iopatch}
    library=$(realpath "${IOPATCH_LIB:-$(dirname "$iopatch")/libiopatch.so}")
    unset LD_PRELOAD IOPATCH_WORKERS IOPATCH_STACK_SIZE IOPATCH_PATCH IOPATCH_STATS
    cd "$BATS_TEST_TMPDIR" || return
}

# build SOURCE_TEXT OPTION... makes ./prog
build() {
    printf '%s\n' "$1" >prog.c
    shift
    cc -o prog prog.c "$@"
}

# Status and output of `run`, in one check that shows both when it fails.
expect() { # status, part of the output
    if [ "$status" -ne "$1" ] || [[ "$output" != *"$2"* ]]; then
        printf 'status %s, output: %s\n' "$status" "$output"
        return 1
    fi
}

variable() { # NAME, of the program's environment in $output
    grep "^$1=" <<<"$output" | cut -d= -f2-
}

@test "an unknown option ends with 2 and names it" {
    run "$iopatch" --bogus true
    expect 2 "--bogus"
}

@test "no program ends with 2" {
    run "$iopatch"
    expect 2 "PROGRAM"
}

@test "a program that does not exist ends with 127" {
    run -127 "$iopatch" no-such-program
    expect 127 "iopatch: no-such-program: command not found"
    run -127 "$iopatch" ./no-such-program
    expect 127 "iopatch: ./no-such-program: No such file or directory"
}

@test "a file without the permission to execute, and a directory, end with 126" {
    echo 'int main;' >plain
    run "$iopatch" ./plain
    expect 126 "iopatch: ./plain: Permission denied"
    run "$iopatch" "$BATS_TEST_TMPDIR"
    expect 126 "Is a directory"
}

@test "PATH is searched as execvp does: a file that cannot be executed does not hide one that can" {
    mkdir first second
    echo 'exit 1' >first/tool
    printf '#!/bin/sh\necho second\n' >second/tool
    chmod +x second/tool
    PATH=$PWD/first:$PWD/second:$PATH run "$iopatch" tool
    expect 0 "second"
    PATH=$PWD/first:$PATH run "$iopatch" tool
    expect 126 "Permission denied"
}

@test "the program's options are its own, with and without --" {
    run "$iopatch" sh -c 'echo "$@"' sh --workers 3 --bogus
    expect 0 "--workers 3 --bogus"
    run "$iopatch" -- sh -c 'echo "$@"' sh --workers 3
    expect 0 "--workers 3"
    run "$iopatch" sh -c 'echo "$0"'
    expect 0 "sh"
}

@test "a program named list is run after --" {
    mkdir bin
    printf '#!/bin/sh\necho the program\n' >bin/list
    chmod +x bin/list
    PATH=$PWD/bin:$PATH run "$iopatch" -- list
    expect 0 "the program"
}

@test "an executable file without a format is run by sh, as a shell would" {
    echo 'echo plain text' >script
    chmod +x script
    run "$iopatch" ./script
    expect 0 "plain text"
}

@test "a static program is warned about and runs" {
    build '#include <stdio.h>
int main(void) { puts("static ran"); return 3; }' -static
    run --separate-stderr "$iopatch" ./prog
    [ "$status" -eq 3 ]
    [ "$output" = "static ran" ]
    [[ "$stderr" == "iopatch: ./prog: statically linked"* ]]
}

@test "setuid and setgid programs are refused with the reason" {
    build 'int main(void) { return 0; }'
    chmod u+s prog
    run "$iopatch" ./prog
    expect 125 "iopatch: ./prog: setuid: the dynamic linker ignores LD_PRELOAD"
    chmod u-s,g+xs prog
    run "$iopatch" ./prog
    expect 125 "iopatch: ./prog: setgid: the dynamic linker ignores LD_PRELOAD"
}

@test "programs with file capabilities are refused with the reason" {
    build 'int main(void) { return 0; }'
    PATH=$PATH:/usr/sbin:/sbin setcap cap_net_bind_service+ep prog || skip "setcap is not allowed here"
    run "$iopatch" ./prog
    expect 125 "iopatch: ./prog: has file capabilities: the dynamic linker ignores LD_PRELOAD"
}

@test "a program for another machine is refused" {
    build 'int main(void) { return 0; }'
    printf '\267' | dd of=prog bs=1 seek=18 conv=notrunc status=none # EM_AARCH64
    run "$iopatch" ./prog
    expect 125 "iopatch: ./prog: not a 64-bit x86-64 program"
    build 'int main(void) { return 0; }'
    printf '\001' | dd of=prog bs=1 seek=4 conv=notrunc status=none # ELFCLASS32
    run "$iopatch" ./prog
    expect 125 "iopatch: ./prog: not a 64-bit x86-64 program"
}

@test "a program of another libc is refused" {
    build 'int main(void) { return 0; }' -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1
    run "$iopatch" ./prog
    expect 125 "iopatch: ./prog: its dynamic linker is /lib/ld-musl-x86_64.so.1"
}

@test "the library is found beside the launcher and in its prefix, but not in the working directory" {
    mkdir -p prefix/bin prefix/lib/x86_64-linux-gnu elsewhere
    cp "$iopatch" prefix/bin/iopatch
    cp "$library" elsewhere
    run env -C elsewhere ../prefix/bin/iopatch true
    expect 125 "iopatch: libiopatch.so is not in $BATS_TEST_TMPDIR/prefix/bin"
    for place in lib/x86_64-linux-gnu lib bin; do
        cp "$library" "prefix/$place/libiopatch.so"
        run prefix/bin/iopatch env
        [ "$(variable LD_PRELOAD)" = "$BATS_TEST_TMPDIR/prefix/$place/libiopatch.so" ]
    done
    ln -s prefix/bin/iopatch link
    run ./link env
    [ "$(variable LD_PRELOAD)" = "$BATS_TEST_TMPDIR/prefix/bin/libiopatch.so" ]
}

@test "a library whose path LD_PRELOAD cannot express is refused" {
    mkdir 'a b'
    cp "$iopatch" 'a b/iopatch'
    cp "$library" 'a b/libiopatch.so'
    run 'a b/iopatch' true
    expect 125 "a space or a colon"
}

@test "LD_PRELOAD is prepended to, kept, and never names the library twice" {
    ours=$(realpath "$(dirname "$iopatch")/libiopatch.so")
    libm=$(cc -print-file-name=libm.so.6)
    run "$iopatch" env
    [ "$(variable LD_PRELOAD)" = "$ours" ]
    LD_PRELOAD=$libm run "$iopatch" env
    [ "$(variable LD_PRELOAD)" = "$ours:$libm" ]
    LD_PRELOAD=$libm run "$iopatch" "$iopatch" env
    [ "$(variable LD_PRELOAD)" = "$ours:$libm" ]
}

@test "each option sets its variable, in the words of the variable" {
    run "$iopatch" --workers 3 --stack-size 64K --patch no-dns,no-os --stats=json env
    [ "$(variable IOPATCH_WORKERS)" = 3 ]
    [ "$(variable IOPATCH_STACK_SIZE)" = 65536 ]
    [ "$(variable IOPATCH_PATCH)" = socket,time,select,thread,signal,sys ]
    [ "$(variable IOPATCH_STATS)" = json ]
    run "$iopatch" --stats env
    [ "$(variable IOPATCH_STATS)" = text ]
    run "$iopatch" --log env
    [ "$(variable IOPATCH_LOG)" = stderr ]
    run "$iopatch" env
    expect 0 ""
    [[ "$output" != *IOPATCH_* ]]
}

@test "each --no- option leaves its part out, of --patch too" {
    all=(socket dns time select thread os signal sys)
    for part in "${all[@]}"; do
        others=$(printf '%s\n' "${all[@]}" | grep -vx "$part" | paste -sd,)
        run "$iopatch" "--no-$part" env
        [ "$(variable IOPATCH_PATCH)" = "$others" ]
    done
    run "$iopatch" --patch socket,dns --no-dns env
    [ "$(variable IOPATCH_PATCH)" = socket ]
    run "$iopatch" --patch dns --no-dns env
    [ "$(variable IOPATCH_PATCH)" = none ]
}

@test "an option wins over its variable" {
    IOPATCH_WORKERS=7 IOPATCH_PATCH=dns run "$iopatch" --workers 2 --no-sys env
    [ "$(variable IOPATCH_WORKERS)" = 2 ]
    [ "$(variable IOPATCH_PATCH)" = socket,dns,time,select,thread,os,signal ]
    IOPATCH_WORKERS=7 run "$iopatch" env
    [ "$(variable IOPATCH_WORKERS)" = 7 ]
}

@test "malformed options end with 2 and say what is wanted" {
    for n in 0 257 abc 1.5 ''; do
        run "$iopatch" --workers "$n" true
        expect 2 "not a number from 1 to 256"
    done
    for size in 16383 15K 8MB abc ''; do
        run "$iopatch" --stack-size "$size" true
        expect 2 "not a size of at least 16384 bytes"
    done
    for list in sockets socket,no-dns all,dns; do
        run "$iopatch" --patch "$list" true
        expect 2 "either all plain (only these) or all with no- before (all but these)"
    done
    run "$iopatch" --stats=xml true
    expect 2 "not text or json"
}

# VARIABLE=VALUE, and the end of the sentence
malformed() {
    sentence="iopatch: ${1%%=*}: \"${1#*=}\" is not $2"
    run env "$1" "$iopatch" true
    expect 2 "$sentence"
    run --separate-stderr env "$1" LD_PRELOAD="$library" sh -c 'echo ran'
    [ "$status" -eq 0 ]
    [ "$output" = ran ]
    [[ "$stderr" == "$sentence"*"; ignoring iopatch, the program runs natively" ]]
}

@test "malformed variables end the launcher with 2; the library says the same and the program runs natively" {
    malformed IOPATCH_WORKERS=abc "a number from 1 to 256"
    malformed IOPATCH_WORKERS=0 "a number from 1 to 256"
    malformed IOPATCH_WORKERS=257 "a number from 1 to 256"
    malformed IOPATCH_STACK_SIZE=16383 "a size of at least 16384 bytes"
    malformed IOPATCH_STACK_SIZE=lots "a size of at least 16384 bytes"
    malformed IOPATCH_PATCH=sockets "all, none, or a list of"
    malformed IOPATCH_PATCH=socket,no-dns "all, none, or a list of"
    malformed IOPATCH_STATS=xml "text or json"
    malformed IOPATCH_LOG=1 stderr
}

@test "empty variables count as unset" {
    IOPATCH_WORKERS='' IOPATCH_STACK_SIZE='' IOPATCH_PATCH='' IOPATCH_STATS='' IOPATCH_LOG='' run --separate-stderr "$iopatch" echo ran
    expect 0 ran
    [ -z "$stderr" ]
}

@test "the exit status is the program's" {
    run "$iopatch" sh -c 'exit 42'
    expect 42 ""
}

@test "signals reach the program, which has the launcher's process" {
    "$iopatch" sh -c 'echo $$ >pid; trap "exit 17" USR1; while :; do sleep 0.05; done' 3>&- &
    launcher=$!
    for _ in $(seq 100); do [ -s pid ] && break; sleep 0.05; done
    [ "$(cat pid)" = "$launcher" ]
    kill -USR1 "$launcher"
    wait "$launcher" && status=0 || status=$?
    [ "$status" -eq 17 ]
}

@test "death by a signal is the program's" {
    run "$iopatch" sh -c 'kill -TERM $$'
    expect 143 ""
}

@test "stdin, stdout and stderr are the program's" {
    run --separate-stderr sh -c 'echo words | "$1" sh -c "cat; echo error >&2"' sh "$iopatch"
    [ "$output" = words ]
    [ "$stderr" = error ]
}

@test "what a program inherits is the same with and without the launcher" {
    build '#include <signal.h>
#include <stdio.h>
#include <fcntl.h>
int main(void) {
    struct sigaction action;
    sigset_t mask;
    sigaction(SIGPIPE, 0, &action);
    sigprocmask(SIG_BLOCK, 0, &mask);
    fprintf(stderr, "SIGPIPE %s", action.sa_handler == SIG_IGN ? "ignored" : "default");
    for (int i = 1; i < 32; i++) fprintf(stderr, " %d", sigismember(&mask, i));
    for (int fd = 0; fd < 10; fd++) fprintf(stderr, " %d", fcntl(fd, F_GETFD));
    return 0;
}'
    for before in : "trap '' PIPE" 'exec <&-' 'exec >&- <&-'; do
        run sh -c "$before"'; exec ./prog' sh
        native=$output
        run sh -c "$before"'; exec "$1" ./prog' sh "$iopatch"
        expect 0 "$native"
        [ "$output" = "$native" ]
    done
}

@test "--version and --help end with 0" {
    run "$iopatch" --version
    expect 0 "iopatch 0."
    run "$iopatch" --help
    expect 0 "Exit status"
}

@test "every function of libc's that may wait has a row, or a reason in tests/exports" {
    run "$BATS_TEST_DIRNAME/exports" "$iopatch"
    expect 0 ""
    [ -z "$output" ]
}

@test "every row is a function of libc, or is only called, once" {
    "$iopatch" list | awk '{print $1}' | sort >rows
    [ -z "$(uniq -d rows)" ]
    [ -z "$("$iopatch" list | awk '($2 == "called") != ($1 ~ /^SYS_/)')" ]
    sed -i '/^SYS_/d' rows
    nm -D --defined-only "$(cc -print-file-name=libc.so.6)" | awk '{sub(/@.*/, "", $3); print $3}' | sort -u >libc
    printf '%s\n' sched_getattr sched_setattr >later # glibc 2.41
    comm -23 rows libc | comm -23 - later >strange
    diff /dev/null strange
}

# By another name of the same function a program would pass us by. Names that only libc's own parts call are no matter.
@test "a function of libc's has its row under all of its names" {
    "$iopatch" list | awk '$2 != "absent" && $1 !~ /^SYS_/ {print $1}' | sort >rows
    nm -D --defined-only "$(cc -print-file-name=libc.so.6)" | grep -v '@GLIBC_PRIVATE$' |
        awk '$2 ~ /[TW]/ {sub(/@.*/, "", $3); print $1, $3}' | sort -u >functions
    awk 'NR == FNR {row[$1]; next} $2 in row {print $1}' rows functions | sort -u >addresses
    awk 'NR == FNR {hooked[$1]; next} $1 in hooked {print $2}' addresses functions | sort -u >names
    [ "$(wc -l <names)" -gt 250 ]
    comm -13 rows names >forgotten
    diff /dev/null forgotten
}

# What waits is the kernel's by number, where it is no cancellation point; but nothing that is kept a record of.
@test "what is tracked is so by syscall(), too; all but the clones, which run no handlers" {
    "$iopatch" list | awk '$2 == "tracks" {print $1}' | sort >tracked
    cc -E -dM -include sys/syscall.h - </dev/null | sed -n 's/^#define SYS_\([a-z0-9_]*\) .*/\1/p' | sort >numbers
    "$iopatch" list --json | grep -o 'SYS_[a-z0-9_]*' | sed 's/^SYS_//' | sort -u >called
    comm -12 tracked numbers >both
    [ "$(wc -l <both)" -gt 40 ]
    [ "$(comm -23 both called | tr '\n' ' ')" = "clone fork vfork " ]
}

@test "every row has a remark" {
    [ -z "$("$iopatch" list | awk 'NF < 5')" ]
}

@test "list --json is the same table" {
    run "$iopatch" list --json
    [ "$(grep -c '"name": ' <<<"$output")" -eq "$("$iopatch" list | wc -l)" ]
    [[ "$output" == *'{"name": "recv", "verdict": "parks", "family": "socket", "part": "socket", "signature": "(fd: c_int, buf: *mut c_void, n: size_t, flags: c_int) -> ssize_t", '* ]]
}

@test "docs/COVERAGE.md is list --markdown" {
    "$iopatch" list --markdown >coverage
    diff "$root/docs/COVERAGE.md" coverage || { echo "run make update" && false; }
}

# _dl_catch_exception is no function of libc's for programs: the loader's own call of it tells when a library is loaded.
# dlopen and dlmopen do so where the loader makes no such call. __register_atfork is what pthread_atfork, a part of each
# program, calls. System calls by number are rows, and no functions.
@test "the library exports the rows that are not absent, helpers, and nothing else" {
    local helpers=(iopatch_counter _dl_catch_exception dlmopen dlopen __register_atfork)
    { "$iopatch" list | awk '$2 != "absent" && $1 !~ /^SYS_/ {print $1}'; printf '%s\n' "${helpers[@]}"; } | sort >wanted
    nm -D --defined-only "$library" | awk '{print $3}' | sort >exported
    diff wanted exported
}

# Ours calls it, so that it must not find ours.
@test "a library behind ours that stands before libc finds libc's functions, by RTLD_NEXT and in libc's handle" {
    cat >before.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
int reads;
ssize_t read(int fd, void *buf, size_t n)
{
    ssize_t (*next)(int, void *, size_t) = dlsym(PLACE, NAME);
    reads++;
    return next(fd, buf, n);
}
END
    local places=(-DPLACE=RTLD_NEXT '-DPLACE=dlopen("libc.so.6",RTLD_LAZY)') place name
    for place in "${places[@]}"; do
        for name in read __read; do
            cc -shared -fPIC "$place" "-DNAME=\"$name\"" -o libbefore.so before.c
            build 'extern int reads;
                #include <stdio.h>
                #include <unistd.h>
                int main(void) { char c; long n = read(0, &c, 1); printf("%ld %d\n", n, reads); return 0; }' \
                -L. -lbefore -Wl,-rpath,"$PWD"
            [ "$(timeout 20 "$iopatch" ./prog <<<x)" = "1 1" ]
        done
    done
}
