#!/usr/bin/env bats
# Servers of Debian, as they are, under iopatch: 200 clients at once, each checked to the byte. Each test runs REPEAT
# times (default 1).
# shellcheck disable=SC2154,SC2034 # servers.bash and these tests share variables

bats_require_minimum_version 1.5.0
load servers

setup() {
    servers_setup
}

teardown() {
    servers_teardown
}

# WORKERS STARTER PARKS CLIENT_ARGUMENT...: starts the server, sends the clients, stops it, and reads in its counters
# that each connection was a coroutine and that at least 200 of its waits (or WAITS), of the family PARKS, parked; REPEAT
# times.
trial() {
    local workers=$1 starter=$2 parks=$3 port
    shift 3
    for ((i = 1; i <= ${REPEAT:-1}; i++)); do
        port=$(free_port)
        "$starter" "$workers" "$port"
        timeout 60 "$clients" "$1" "$port" "${@:2}"
        stop TERM
        case $1 in
            get | direct) at_least coroutines 1000 ;; # five connections each
            *) at_least peak 200 ;;                   # all at the same time
        esac
        at_least "$parks" "${WAITS:-200}"
        [ "$(counter workers)" -eq "$workers" ]
    done
}

microsocks_at() {
    start "$1" "$2" microsocks -i 127.0.0.1 -p "$2"
}

tinyproxy_at() {
    printf '%s\n' "Port $2" "Listen 127.0.0.1" "MaxClients 400" "Timeout 60" "LogLevel Error" \
        "Allow 127.0.0.1" >tinyproxy.conf
    start "$1" "$2" tinyproxy -d -c tinyproxy.conf
}

certificate() {
    [ -e cert.pem ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem 2>openssl.log
}

stunnel_at() {
    certificate
    printf '%s\n' "foreground = yes" "pid =" "debug = err" "[echo]" "accept = 127.0.0.1:$2" \
        "connect = 127.0.0.1:$echo_port" "cert = $PWD/cert.pem" "key = $PWD/key.pem" >stunnel.conf
    start "$1" "$2" stunnel4 stunnel.conf
}

serve_echo() { # the server that stunnel leads to
    "$clients" serve >echo.port 3>&- &
    helper=$!
    for _ in $(seq 100); do
        [ -s echo.port ] && break
        sleep 0.05
    done
    echo_port=$(cat echo.port)
}

for_stunnel() { # WORKERS
    needs stunnel4 openssl
    serve_echo
    trial "$1" stunnel_at parks.select tls --ca "$PWD/cert.pem"
}

# python3's own server; but for its queue of five connections, which makes clients wait for seconds, natively too.
python_at() {
    [ -e file ] || head -c 20000 /dev/urandom >file
    printf '%s\n' 'from http.server import *' 'ThreadingHTTPServer.request_queue_size = 1024' \
        "ThreadingHTTPServer(('127.0.0.1', $2), SimpleHTTPRequestHandler).serve_forever()" >serve.py
    start "$1" "$2" "$(python3 -c 'import sys; print(sys.executable)')" serve.py
}

# Half of the clients at least have to wait for their answer's turn; how many more is chance, with one interpreter lock.
for_python() { # WORKERS
    WAITS=100 trial "$1" python_at parks.socket direct --path /file --same "$PWD/file"
}

seconds_of() { # WORKERS: how long the clients of python3's server took
    local port
    port=$(free_port)
    python_at "$1" "$port"
    timeout 60 "$clients" direct "$port" --path /file --same "$PWD/file" | sed -E 's/.* ([0-9.]+) s$/\1/'
    stop TERM >&2
}

@test "microsocks: 200 clients, 1 worker" {
    needs microsocks
    trial 1 microsocks_at parks.select socks
}

@test "microsocks: 200 clients, 2 workers" {
    needs microsocks
    trial 2 microsocks_at parks.select socks
}

@test "tinyproxy: 200 clients of CONNECT, 1 worker" {
    needs tinyproxy
    trial 1 tinyproxy_at parks.select connect
}

@test "tinyproxy: 200 clients of CONNECT, 2 workers" {
    needs tinyproxy
    trial 2 tinyproxy_at parks.select connect
}

@test "tinyproxy: 200 clients x 5 GETs, 1 worker" {
    needs tinyproxy
    trial 1 tinyproxy_at parks.socket get
}

@test "tinyproxy: 200 clients x 5 GETs, 2 workers" {
    needs tinyproxy
    trial 2 tinyproxy_at parks.socket get
}

@test "stunnel4: 200 clients of TLS, 1 worker" {
    for_stunnel 1
}

@test "stunnel4: 200 clients of TLS, 2 workers" {
    for_stunnel 2
}

@test "python3's ThreadingHTTPServer: 200 clients x 5 requests, 1 worker" {
    for_python 1
}

@test "python3's ThreadingHTTPServer: 200 clients x 5 requests, 2 workers" {
    for_python 2
}

@test "python3's ThreadingHTTPServer is no slower than on native threads" {
    local ours='' natives=''
    for _ in 1 2 3; do
        ours+="$(seconds_of 2) "
        natives+="$(library='' seconds_of 2) "
    done
    echo "iopatch: $ours native: $natives"
    # The best of three, which is what a busy machine spoils least.
    python3 -c 'import sys; a, b = (min(map(float, x.split())) for x in sys.argv[1:]); sys.exit(a > 1.1 * b)' \
        "$ours" "$natives"
}
