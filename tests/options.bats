#!/usr/bin/env bats
# What the options and the variables do, by its effect on a program.
# shellcheck disable=SC2154,SC2016 # servers.bash sets variables; scripts in quotes are for the shells they are given to

bats_require_minimum_version 1.5.0
load servers

setup_file() {
    cat >"$BATS_FILE_TMPDIR/waits.c" <<'C'
/* 20 threads of each kind: asleep, in recv, in poll; says how many OS threads there are while all wait. */
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EACH = 20 };
static int end[EACH][2], other[EACH][2];
static atomic_int begun;

static void *sleeps(void *arg) { begun++; usleep(700000); return arg; }
static void *receives(void *arg) { char c; begun++; return recv(end[(long)arg][1], &c, 1, 0) == 1 ? arg : NULL; }
static void *polls(void *arg)
{
    struct pollfd p = { .fd = other[(long)arg][1], .events = POLLIN };
    begun++;
    return poll(&p, 1, -1) == 1 ? arg : NULL;
}

static int os_threads(void)
{
    DIR *dir = opendir("/proc/self/task");
    int n = -2;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

int main(void)
{
    static void *(*const routine[3])(void *) = { sleeps, receives, polls };
    pthread_t thread[3 * EACH];
    for (long i = 0; i < EACH; i++) {
        socketpair(AF_UNIX, SOCK_STREAM, 0, end[i]);
        socketpair(AF_UNIX, SOCK_STREAM, 0, other[i]);
    }
    for (long i = 0; i < 3 * EACH; i++) {
        int error = pthread_create(&thread[i], NULL, routine[i / EACH], (void *)(i % EACH));
        if (error)
            return printf("pthread_create: %s\n", strerror(error)), 1;
    }
    while (begun < 3 * EACH)
        usleep(1000);
    usleep(200000);
    printf("OS threads %d\n", os_threads());
    for (int i = 0; i < EACH; i++)
        if (send(end[i][0], "x", 1, 0) != 1 || send(other[i][0], "x", 1, 0) != 1)
            return 1;
    for (int i = 0; i < 3 * EACH; i++)
        pthread_join(thread[i], NULL);
    puts("all came back");
    return 0;
}
C
    cc -O1 -Wall -Wextra -Werror -pthread -o "$BATS_FILE_TMPDIR/waits" "$BATS_FILE_TMPDIR/waits.c"
}

setup() {
    servers_setup
    waits=$BATS_FILE_TMPDIR/waits
}

teardown() {
    servers_teardown
}

# waits OPTION...: runs the program with two workers; its OS threads are then in $threads, its counters in ./err
waits() {
    timeout 30 "$iopatch" --workers 2 --stats=json "$@" "$waits" >out 2>err || { cat out err; return 1; }
    grep -qx 'all came back' out
    threads=$(sed -n 's/^OS threads //p' out)
}

# is NAME NUMBER
is() {
    local value
    value=$(counter "$1")
    [ "$value" -eq "$2" ] || { echo "$1 is $value, want $2"; return 1; }
}

@test "60 threads that wait are 60 coroutines on few OS threads" {
    waits
    is coroutines 60
    is peak 60
    is workers 2
    is parks.socket 20
    is parks.select 20
    at_least parks.time 20
    [ "$threads" -le 10 ]
}

@test "--patch time: no coroutines, every wait blocks its OS thread" {
    waits --patch time
    is coroutines 0
    is parks.socket 0
    [ "$threads" -eq 61 ]
}

@test "--patch thread,time: recv and poll block their threads natively, sleeps park" {
    waits --patch thread,time
    is coroutines 60
    is parks.socket 0
    is parks.select 0
    at_least parks.time 20
    [ "$threads" -ge 41 ]
}

@test "--no-socket, --no-time, --no-select and --no-thread leave that part, and only it, to libc" {
    waits --no-socket
    is parks.socket 0
    is parks.select 20
    [ "$threads" -ge 21 ]
    waits --no-time
    is parks.time 0
    is parks.socket 20
    [ "$threads" -ge 21 ]
    waits --no-select
    is parks.select 0
    is parks.socket 20
    [ "$threads" -ge 21 ]
    waits --no-thread
    is coroutines 0
    [ "$threads" -eq 61 ]
}

@test "the parts without a wait of their own: the program runs without them" {
    for part in dns os signal sys; do
        waits "--no-$part"
        is coroutines 60
    done
}

@test "--no-signal: what was sent to a coroutine arrives all the same, and not amid the library's own work" {
    IOPATCH_PATCH=no-signal run "$BATS_TEST_DIRNAME/run" --workers 2 signal_storm signal_directed_storm signal_stops_the_world
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "--stats is a line for each counter, on stderr, when the program ends" {
    run --separate-stderr "$iopatch" --workers 2 --stats "$waits"
    # shellcheck disable=SC2154 # run sets it
    for line in 'coroutines +60' 'peak +60' 'workers +2' 'parks socket +20'; do
        grep -qE "^iopatch: $line$" <<<"$stderr" || { echo "$stderr"; return 1; }
    done
    [[ "$output" != *iopatch* ]]
}

@test "--stats=json also when a signal ends the program, which dies of it" {
    "$iopatch" --stats=json sleep 60 >out 2>err 3>&- &
    server=$!
    # The counters are printed by a handler of the library's constructor.
    for _ in $(seq 100); do
        grep -q libiopatch "/proc/$server/maps" && break
        sleep 0.02
    done
    sleep 0.1
    kill -TERM "$server"
    wait "$server" && status=0 || status=$?
    server=''
    [ "$status" -eq 143 ]
    is coroutines 0
}

@test "--log says what the library decides: workers, pins, native threads; without it, nothing" {
    cat >decides.c <<'C'
/* A thread that is told its CPUs, by itself and by main, and one with CPUs in its attributes. */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>
static void *binds_itself(void *arg)
{
    cpu_set_t cpus;
    pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus);
    return pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus) ? NULL : arg;
}
static void *sleeps(void *arg) { usleep(50000); return arg; }
static void *nothing(void *arg) { return arg; }
int main(void)
{
    pthread_t thread;
    pthread_attr_t attr;
    cpu_set_t cpus;
    pthread_create(&thread, NULL, binds_itself, NULL);
    pthread_join(thread, NULL);
    pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus);
    pthread_create(&thread, NULL, sleeps, NULL);
    pthread_setaffinity_np(thread, sizeof cpus, &cpus);
    pthread_join(thread, NULL);
    pthread_attr_init(&attr);
    pthread_attr_setaffinity_np(&attr, sizeof cpus, &cpus);
    pthread_create(&thread, &attr, nothing, NULL);
    pthread_join(thread, NULL);
    return 0;
}
C
    cc -O1 -Wall -Wextra -Werror -pthread -o decides decides.c
    run --separate-stderr "$iopatch" --workers 2 --log ./decides
    [ "$status" -eq 0 ]
    said=$(sed -E 's/^iopatch\[[0-9]+\]: //; s/thread [0-9]+/thread N/g' <<<"$stderr")
    [ "$said" = "threads are coroutines from here on; workers started: 2
thread N keeps OS thread N: changes what the kernel keeps for an OS thread
thread N keeps OS thread N: another one sets its scheduling
a thread is native: its attributes ask for CPUs or a scheduling policy" ]
    run --separate-stderr "$iopatch" --workers 2 ./decides
    [ -z "$stderr" ]
}

@test "children inherit iopatch, silently; and the counters of those that make no coroutine are not shown" {
    run --separate-stderr "$iopatch" sh -c 'sh -c "echo \$LD_PRELOAD"'
    [ "$output" = "$library" ]
    [ -z "$stderr" ]
    run --separate-stderr "$iopatch" --stats=json sh -c "'$waits'; true"
    # The shell's own, and those of the child with its coroutines.
    [ "$(grep -c '"coroutines":60' <<<"$stderr")" -eq 1 ]
    [[ "$output" == *"all came back" ]]
}

@test "a child of a coroutine inherits iopatch, silently" {
    cat >spawn.c <<'C'
#include <pthread.h>
#include <stdlib.h>
static void *runs(void *arg) { return (void *)(long)system(arg); }
int main(int argc, char **argv)
{
    pthread_t t;
    void *status;
    if (argc != 2 || pthread_create(&t, NULL, runs, argv[1]) || pthread_join(t, &status))
        return 1;
    return status != NULL;
}
C
    cc -pthread -o spawn spawn.c
    run --separate-stderr "$iopatch" ./spawn "$waits"
    [ "$status" -eq 0 ]
    [[ "$output" == *"all came back" ]]
    [ "$(sed -n 's/^OS threads //p' <<<"$output")" -le 10 ]
    [ -z "$stderr" ]
}

@test "no descriptor free for the workers: one line, and the program runs on native threads" {
    cat >full.c <<'C'
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
static void *runs(void *arg) { return arg; }
int main(void)
{
    pthread_t t;
    while (open("/dev/null", O_RDONLY) >= 0)
        ;
    if (pthread_create(&t, NULL, runs, NULL) || pthread_join(t, NULL))
        return 1;
    puts("joined");
}
C
    cc -pthread -o full full.c
    run --separate-stderr bash -c 'ulimit -n 64; exec "$@"' bash "$iopatch" ./full
    [ "$status" -eq 0 ]
    [ "$output" = joined ]
    [ "$stderr" = "iopatch: the workers could not be started (no descriptor is free: raise RLIMIT_NOFILE); threads are native" ]
}

@test "no memory for stacks: pthread_create fails with EAGAIN, as natively" {
    for command in env "$iopatch"; do
        run bash -c 'ulimit -v 300000; exec "$@"' bash "$command" "$waits"
        # 60 stacks of 8 MiB do not fit.
        [ "$status" -eq 1 ]
        [ "$output" = "pthread_create: Resource temporarily unavailable" ]
    done
}

@test "a server that becomes a daemon and closes every descriptor serves under iopatch" {
    needs microsocks
    cat >daemon.c <<'C'
/* Runs a command as a daemon of the old school does. */
#include <unistd.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    (void)argc;
    if (daemon(1, 1))
        return 1;
    for (int fd = 3; fd < 4096; fd++)
        close(fd);
    FILE *pid = fopen("pid", "w");
    fprintf(pid, "%d\n", getpid());
    fclose(pid);
    execvp(argv[1], argv + 1);
    return 1;
}
C
    cc -o daemon daemon.c
    port=$(free_port)
    "$iopatch" --stats=json ./daemon microsocks -i 127.0.0.1 -p "$port" >out 2>err 3>&-
    for _ in $(seq 100); do [ -s pid ] && break; sleep 0.02; done
    server=$(cat pid)
    listening "$port"
    timeout 60 "$clients" socks "$port" --clients 50
    stop TERM
    at_least coroutines 50
}
