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
            get | direct) at_least coroutines "${COROUTINES:-1000}" ;; # five connections each
            memcached | redis) at_least coroutines 4 ;;                # each serves many
            *) at_least peak 200 ;;                                    # all at the same time
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

# How many threads have to wait for their client's request is chance, with one interpreter lock: mostly it is there first.
for_python() { # WORKERS
    WAITS=10 trial "$1" python_at parks.socket direct --path /file --same "$PWD/file"
}

# Few threads, each with an epoll instance for many clients.
memcached_at() {
    start "$1" "$2" memcached -u "$(id -un)" -l 127.0.0.1 -p "$2" -t 4 -c 1000
}

# With a malloc that uses keys of threads (jemalloc), and threads that spin.
redis_at() {
    start "$1" "$2" redis-server --bind 127.0.0.1 --port "$2" --io-threads 4 --io-threads-do-reads yes --save '' \
        --appendonly yes --dir "$PWD"
}

# A child whose threads take turns to serve a connection. It can't read what lies here, so it serves its own modules.
apache_modules=/usr/lib/apache2/modules
apache_at() {
    local name
    printf '%s\n' "ServerName localhost" "Listen 127.0.0.1:$2" "PidFile $PWD/pid" "ErrorLog $PWD/err" \
        "DocumentRoot $apache_modules" "User nobody" "Group nogroup" "StartServers 1" "ServerLimit 1" \
        "ThreadLimit 250" "ThreadsPerChild 250" "MaxRequestWorkers 250" >apache.conf
    for name in mpm_worker authz_core; do
        echo "LoadModule ${name}_module $apache_modules/mod_$name.so" >>apache.conf
    done
    start "$1" "$2" apache2 -d "$PWD" -f "$PWD/apache.conf" -DFOREGROUND
}

# A thread for each connection, beside its own that write tables and the log.
mariadb_at() {
    [ -d data ] || mysql_install_db --no-defaults --user="$(id -un)" --datadir="$PWD/data" --skip-test-db \
        --auth-root-authentication-method=normal >install.log 2>&1
    start "$1" "$2" mariadbd --no-defaults --user="$(id -un)" --datadir="$PWD/data" --socket="$PWD/socket" \
        --port="$2" --bind-address=127.0.0.1 --max-connections=300
}

sql() { # STATEMENT
    timeout 60 mariadb --no-defaults -uroot -S "$PWD/socket" --batch --skip-column-names -e "$1"
}

# 200 connections add up one row's numbers and insert rows of their own; nothing is lost, nor after a crash.
for_mariadb() { # WORKERS
    needs mariadbd mysql_install_db mariadb mariadb-slap
    local port
    port=$(free_port)
    mariadb_at "$1" "$port"
    sql "CREATE DATABASE t; CREATE TABLE t.sum (n INT) ENGINE=InnoDB; INSERT INTO t.sum VALUES (0);
        CREATE TABLE t.log (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(200)) ENGINE=InnoDB"
    timeout 100 mariadb-slap --no-defaults -uroot -S "$PWD/socket" --create-schema=t --no-drop --concurrency=200 \
        --number-of-queries=2000 --delimiter=';' \
        --query="UPDATE sum SET n = n + 1; INSERT INTO log (text) VALUES (REPEAT('x', 200))"
    check_rows
    stop KILL
    port=$(free_port)
    mariadb_at "$1" "$port"
    check_rows
    stop TERM
    at_least coroutines 10
}

check_rows() {
    local rows
    rows=$(sql "SELECT n FROM t.sum; SELECT COUNT(*), SUM(LENGTH(text)) FROM t.log; CHECK TABLE t.log" | tr '\t\n' '  ')
    [ "$rows" = "1000 1000 200000 t.log check status OK " ] || { echo "$rows" && return 1; }
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

@test "memcached: 200 clients, 2 workers" {
    needs memcached
    trial 2 memcached_at parks.select memcached
}

@test "redis-server with io-threads: 200 clients, 2 workers" {
    needs redis-server
    WAITS=1 trial 2 redis_at parks.mutex redis
}

@test "apache2's mpm_worker: 200 clients x 5 requests, 2 workers" {
    needs apache2
    COROUTINES=250 trial 2 apache_at parks.cond direct \
        --path /mod_status.so --same $apache_modules/mod_status.so
}

@test "mariadbd: 200 connections, every row, a crash, 2 workers" {
    for_mariadb 2
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
