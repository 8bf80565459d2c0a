#!/usr/bin/env bats
# Servers of Debian, as they are, under iopatch: 200 clients at once, each checked to the byte. Each test runs REPEAT
# times (default 1).

bats_require_minimum_version 1.5.0
load servers

setup() {
    servers_setup
}

teardown() {
    servers_teardown
}

# WORKERS STARTER CLIENT_ARGUMENT...: starts the server, sends the clients, stops it; REPEAT times.
trial() {
    local workers=$1 starter=$2 port
    shift 2
    for ((i = 1; i <= ${REPEAT:-1}; i++)); do
        port=$(free_port)
        "$starter" "$workers" "$port"
        timeout 60 "$clients" "$1" "$port" "${@:2}"
        stop TERM
        # A coroutine a client, whose waits parked.
        at_least coroutines 200
        at_least peak 100
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
    trial "$1" stunnel_at tls --ca "$PWD/cert.pem"
}

# The file that python3's own server serves, to clients who want it five times each.
python_at() {
    head -c 20000 /dev/urandom >file
    start "$1" "$2" python3 -m http.server --bind 127.0.0.1 "$2"
}

for_python() { # WORKERS
    trial "$1" python_at direct --path /file --same "$PWD/file"
    at_least parks.socket 200
}

@test "microsocks: 200 clients, 1 worker" {
    needs microsocks
    trial 1 microsocks_at socks
    at_least parks.select 200
}

@test "microsocks: 200 clients, 2 workers" {
    needs microsocks
    trial 2 microsocks_at socks
    at_least parks.select 200
}

@test "tinyproxy: 200 clients of CONNECT, 1 worker" {
    needs tinyproxy
    trial 1 tinyproxy_at connect
    at_least parks.select 200
}

@test "tinyproxy: 200 clients of CONNECT, 2 workers" {
    needs tinyproxy
    trial 2 tinyproxy_at connect
    at_least parks.select 200
}

@test "tinyproxy: 200 clients x 5 GETs, 1 worker" {
    needs tinyproxy
    trial 1 tinyproxy_at get
}

@test "tinyproxy: 200 clients x 5 GETs, 2 workers" {
    needs tinyproxy
    trial 2 tinyproxy_at get
}

@test "stunnel4: 200 clients of TLS, 1 worker" {
    for_stunnel 1
    at_least parks.select 200
}

@test "stunnel4: 200 clients of TLS, 2 workers" {
    for_stunnel 2
    at_least parks.select 200
}

@test "python3's ThreadingHTTPServer: 200 clients x 5 requests, 1 worker" {
    for_python 1
}

@test "python3's ThreadingHTTPServer: 200 clients x 5 requests, 2 workers" {
    for_python 2
}
