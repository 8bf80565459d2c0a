#!/usr/bin/env bats
# Tools that look at a program from outside see its C frames; those that watch its threads from inside keep it native.
# shellcheck disable=SC2154 # servers.bash and bats set variables

bats_require_minimum_version 1.5.0
load servers

setup() {
    servers_setup
}

build() { # OPTION...: ./debugged
    cc -g -O1 -Wall -Wextra -Werror -pthread "$@" -o debugged "$BATS_TEST_DIRNAME/debugged.c"
}

debugger() { # COMMAND... -- ARGUMENT...: gdb's commands, on ./debugged under the library; its output is in ./out
    local commands=(-ex 'set debuginfod enabled off' -ex "set env LD_PRELOAD $library" -ex 'set env IOPATCH_WORKERS 2')
    while [ "$1" != -- ]; do
        commands+=(-ex "$1")
        shift
    done
    shift
    timeout 60 gdb -q -nx --batch "${commands[@]}" --args ./debugged "$@" >out 2>err 3>&-
}

# The frames in ./out, a name each: the last is ours, under the start routine, and known as the outermost.
frames() {
    grep -E '^#[0-9]+ ' out | grep -oE '[a-z_]+ \(' | tr -d ' (\n'
}

@test "gdb shows where a coroutine crashed, down to its start routine" {
    needs gdb
    build -fno-optimize-sibling-calls
    debugger run bt -- crash
    grep -q 'received signal SIGSEGV' out
    [ "$(frames)" = innermostmiddleoutermostiopatch_thread_base ] || { cat out err; return 1; }
}

@test "gdb stops a coroutine at a breakpoint, shows its frames, and lets it go on" {
    needs gdb
    build -fno-optimize-sibling-calls
    debugger 'break innermost if n == 5' run bt delete continue -- live
    [ "$(frames)" = innermostmiddleoutermostiopatch_thread_base ] || { cat out err; return 1; }
    grep -qx 'sum 2003000' out
    grep -q 'exited normally' out
}

@test "gdb attaches to a program whose coroutines run, and leaves it to end well" {
    needs gdb
    build
    env LD_PRELOAD="$library" IOPATCH_WORKERS=2 timeout 60 ./debugged >said 3>&- &
    helper=$!
    sleep 0.3
    timeout 60 gdb -q -nx --batch -ex 'info threads' -p "$(pgrep -P "$helper")" >out 2>err 3>&-
    [ "$(grep -c LWP out)" -ge 3 ]
    wait "$helper"
    helper=''
    [ "$(cat said)" = 'sum 2003000' ]
}

@test "strace follows the OS threads of the scheduler" {
    needs strace
    build
    timeout 60 strace -f -qq -o trace env LD_PRELOAD="$library" IOPATCH_WORKERS=2 ./debugged >out 3>&-
    [ "$(cat out)" = 'sum 2003000' ]
    grep -q epoll_pwait trace
}

# natively COMMAND...: it ends well and has made no coroutine; one line says that WHO is the reason.
natively() {
    env LD_PRELOAD="$library" IOPATCH_STATS=json timeout 60 "$@" >out 2>err 3>&-
    [ "$(cat out)" = 'sum 2003000' ]
    [ "$(grep -c '^iopatch: ' err)" -eq 1 ]
    run ! grep coroutines err
}

@test "a program that ThreadSanitizer watches stays native, and so it finds no race where there is none" {
    build -fsanitize=thread || skip "no ThreadSanitizer"
    ./debugged >/dev/null || skip "ThreadSanitizer does not run here"
    natively ./debugged
    grep -q "^iopatch: ThreadSanitizer watches the program's threads; .* natively" err
    build -fsanitize=thread -static-libtsan || skip "no ThreadSanitizer to link in"
    natively ./debugged
    grep -q "^iopatch: a sanitizer watches the program's threads; .* natively" err
}

@test "a program under valgrind stays native" {
    needs valgrind
    build
    natively valgrind -q ./debugged
    grep -q "^iopatch: valgrind watches the program's threads; .* natively" err
}
