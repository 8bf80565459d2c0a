# For the tests that start servers: free ports, a server under iopatch, its end and its counters; and for those of
# runtimes: a program natively and under iopatch.
# IOPATCH and IOPATCH_LIB name the launcher and the library that are tested, as in launcher.bats.
# shellcheck shell=bash disable=SC2034 # the tests use the variables

servers_setup() {
    root=$BATS_TEST_DIRNAME/..
    iopatch=${IOPATCH:-$root/target/release/iopatch}
    library=$(realpath "${IOPATCH_LIB:-$(dirname "$iopatch")/libiopatch.so}")
    clients=$BATS_TEST_DIRNAME/clients.py
    unset LD_PRELOAD IOPATCH_WORKERS IOPATCH_STACK_SIZE IOPATCH_PATCH IOPATCH_STATS
    cd "$BATS_TEST_TMPDIR" || return
    PATH=$PATH:/usr/sbin:/sbin
    server='' helper=''
    # A thousand connections and their other ends; as far as the hard limit goes.
    ulimit -n "$(ulimit -Hn)"
}

servers_teardown() {
    for pid in $server $helper; do
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
}

needs() {
    local command
    for command; do
        command -v "$command" >/dev/null || skip "$command is not installed"
    done
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

listening() { # PORT: waits until somebody listens there
    local hex
    printf -v hex ':%04X 00000000:0000 0A' "$1"
    for _ in $(seq 200); do
        if grep -q "$hex" /proc/net/tcp /proc/net/tcp6 2>/dev/null; then return; fi
        kill -0 "$server" || break
        sleep 0.05
    done
    echo "nobody listens on $1"
    tail -n 20 err
    return 1
}

start() { # WORKERS PORT COMMAND...: a server under iopatch; its output is in ./out and ./err
    local workers=$1 port=$2
    shift 2
    env LD_PRELOAD="$library" IOPATCH_WORKERS="$workers" IOPATCH_STATS=json "$@" >out 2>err </dev/null 3>&- &
    server=$!
    listening "$port"
}

stop() { # SIGNAL: ends the server and waits; its counters are then in ./err
    kill -"$1" "$server"
    for _ in $(seq 200); do
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    if kill -0 "$server" 2>/dev/null; then
        echo "the server did not end on SIG$1"
        return 1
    fi
    wait "$server" || true
    server=''
}

counter() { # NAME: of ./err, such as coroutines or parks.socket; of several processes, from the one with most coroutines
    python3 -c '
import json, sys
lines = [line for line in open("err", errors="replace") if line.startswith("{\"coroutines\"")]
value = max(map(json.loads, lines), key=lambda counters: counters["coroutines"])
for key in sys.argv[1].split("."):
    value = value[key]
print(value)' "$1"
}

at_least() { # NAME NUMBER
    local value
    value=$(counter "$1")
    if [ "$value" -lt "$2" ]; then
        echo "$1 is $value, want at least $2"
        tail -n 1 err
        return 1
    fi
}

# STATUS COROUTINES COMMAND...: the program ends so and prints the same natively and, REPEAT times (default 1), with 1
# worker and with 4, and had at least so many coroutines.
same() {
    local wanted=$1 coroutines=$2 status=0 workers
    shift 2
    timeout 60 "$@" >native || status=$?
    [ "$status" -eq "$wanted" ]
    for ((i = 1; i <= ${REPEAT:-1}; i++)); do
        for workers in 1 4; do
            status=0
            env LD_PRELOAD="$library" IOPATCH_WORKERS=$workers IOPATCH_STATS=json timeout 60 "$@" >out 2>err 3>&- || status=$?
            [ "$status" -eq "$wanted" ] || { echo "$workers workers: status $status"; tail -n 20 err; return 1; }
            diff native out
            at_least coroutines "$coroutines"
        done
    done
}
