//! THE TABLE: every function of libc that iopatch knows, once.
//!
//! Everything else is derived from it: the exported functions (`entry/export.rs`), the `real` accessors, the families
//! and their counters and the rows of `iopatch list` and docs/COVERAGE.md (`rows.rs`), and the tests of the surface.
//! A row without a body in `hooks/` does not compile.
//!
//! A family is `Variant module Part "title" marks { rows }`: its name in `Family`, the module of its bodies in `hooks`,
//! the part of gevent's `patch_all()` that switches it on and off, and perhaps marks (`Family` says what they do):
//! `always`, whatever parts are left out; `in_vfork_child`, in the child of a vfork(2), too. A row is one line of C, the
//! verdict before, why behind:
//!
//! | verdict    | meaning                                                                                |
//! | ---------- | -------------------------------------------------------------------------------------- |
//! | `parks`    | waits cooperatively: the coroutine parks, its worker runs others                       |
//! | `detaches` | libc's own call, in a blocking region: the worker slot is handed to another OS thread  |
//! | `tracks`   | never waits for long: it keeps our records right, or wakes those who wait              |
//! | `absent`   | known, left to libc, for the reason given                                              |
//! | `called`   | a system call that libc has no function for, or one that answers otherwise             |
//!
//! `syscall(2)` follows the table: a row ends with the numbers of the system calls that its body answers as the kernel
//! would (`, SYS_dup2`). Where libc's function does more or other than the call (converts the result, is a cancellation
//! point), or where there is none, a row `called` has the numbers. A call without a row is the kernel's, and may block.
//!
//! `connect = __connect` are two exported names of one function; only names that are one function in glibc, or one by
//! its documentation, may share a row. The prototypes are glibc's. Variadic functions that are hooked have the fixed
//! arguments which they can have at most (`entry/export.rs` says why this is sound).

// Remarks that many rows share.
pub(crate) const NATIVE: &str = "native in a coroutine: handoff keeps the others running";
pub(crate) const POSITIONED: &str = "a file that has positions is a disk's or memory: native, under handoff";
pub(crate) const DISK: &str = "waits for a disk: native, under handoff";
pub(crate) const IN_TCB: &str = "libc's own work on the coroutine's TCB is right";
pub(crate) const BY_TID: &str = "libc's would ask the kernel by a thread id that it does not know";
pub(crate) const PER_PROCESS: &str = "libc's own is right: it is the process's, not the thread's";
pub(crate) const NO_WAIT: &str = "libc's own is right: it never waits";
pub(crate) const OF_OS_THREAD: &str = "the kernel keeps it for a thread: a coroutine keeps its OS thread from then on";
pub(crate) const BY_OWN_ID: &str = "takes a coroutine's own id, too";
pub(crate) const OF_ONE_THREAD: &str = "changes the calling thread alone: a coroutine keeps its OS thread from then on";
pub(crate) const EXEC: &str = "the kernel ends the other threads, and our descriptors close on exec";
pub(crate) const SPAWN: &str = "native until the child has its image, to which it passes descriptors on";
pub(crate) const CHILD: &str =
    "until a given child or any has ended; one of a group, stops and clones are waited for natively";

macro_rules! symbols {
    ($with:ident) => { $with! {

    // Sockets. Each tries first, with MSG_DONTWAIT or its like, and parks on the descriptor only when it must.
    Socket socket Socket "sockets" {
        parks    accept(fd: c_int, addr: *mut sockaddr, len: *mut socklen_t) -> c_int => "until a connection arrives";
        parks    accept4(fd: c_int, addr: *mut sockaddr, len: *mut socklen_t, flags: c_int) -> c_int => "until a connection arrives";
        parks    connect = __connect (fd: c_int, addr: *const sockaddr, len: socklen_t) -> c_int => "until established or refused";
        parks    recv(fd: c_int, buf: *mut c_void, n: size_t, flags: c_int) -> ssize_t => "until data arrives";
        parks    recvfrom(fd: c_int, buf: *mut c_void, n: size_t, flags: c_int, addr: *mut sockaddr, len: *mut socklen_t) -> ssize_t
                 => "until data arrives";
        parks    recvmsg(fd: c_int, msg: *mut msghdr, flags: c_int) -> ssize_t => "until data arrives";
        parks    recvmmsg(fd: c_int, msgs: *mut mmsghdr, n: c_uint, flags: c_int, timeout: *mut timespec) -> c_int
                 => "until the messages arrive or the time is up";
        parks    send = __send (fd: c_int, buf: *const c_void, n: size_t, flags: c_int) -> ssize_t => "until all is sent";
        parks    sendto(fd: c_int, buf: *const c_void, n: size_t, flags: c_int, addr: *const sockaddr, len: socklen_t) -> ssize_t
                 => "until all is sent";
        parks    sendmsg(fd: c_int, msg: *const msghdr, flags: c_int) -> ssize_t => "until all is sent";
        parks    sendmmsg(fd: c_int, msgs: *mut mmsghdr, n: c_uint, flags: c_int) -> c_int => "until all is sent";
        parks    sendfile = sendfile64 (out: c_int, from: c_int, offset: *mut off_t, n: size_t) -> ssize_t => "until all is sent";
        parks    splice(from: c_int, from_offset: *mut off64_t, to: c_int, to_offset: *mut off64_t, n: size_t, flags: c_uint) -> ssize_t
                 => "until one side can give and the other take";
        parks    tee(from: c_int, to: c_int, n: size_t, flags: c_uint) -> ssize_t => "until one pipe can give and the other take";
        parks    vmsplice(fd: c_int, iov: *const iovec, n: size_t, flags: c_uint) -> ssize_t => "until the pipe has room, or something";
        tracks   socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int => "a new descriptor", SYS_socket;
        tracks   socketpair(domain: c_int, kind: c_int, protocol: c_int, pair: *mut c_int) -> c_int => "two new descriptors", SYS_socketpair;
        tracks   listen(fd: c_int, backlog: c_int) -> c_int => "turns the socket into one that accepts", SYS_listen;
        tracks   shutdown(fd: c_int, how: c_int) -> c_int => "ends the waits of others on this descriptor", SYS_shutdown;
        tracks   setsockopt(fd: c_int, level: c_int, name: c_int, value: *const c_void, len: socklen_t) -> c_int
                 => "SO_RCVTIMEO and SO_SNDTIMEO bound our waits too", SYS_setsockopt;
        tracks   getsockopt(fd: c_int, level: c_int, name: c_int, value: *mut c_void, len: *mut socklen_t) -> c_int
                 => "tells what setsockopt set", SYS_getsockopt;
    }

    // read and write, on whatever the descriptor is. Regular files never park.
    Rw rw Socket "read and write" {
        parks    read = __read (fd: c_int, buf: *mut c_void, n: size_t) -> ssize_t => "until readable";
        parks    readv(fd: c_int, iov: *const iovec, n: c_int) -> ssize_t => "until readable";
        parks    write = __write (fd: c_int, buf: *const c_void, n: size_t) -> ssize_t => "until all is written";
        parks    writev(fd: c_int, iov: *const iovec, n: c_int) -> ssize_t => "until all is written";
        parks    eventfd_read(fd: c_int, value: *mut eventfd_t) -> c_int => "until there is a value";
        parks    eventfd_write(fd: c_int, value: eventfd_t) -> c_int => "until there is room for the value";
        parks    preadv2 = preadv64v2 (fd: c_int, iov: *const iovec, n: c_int, offset: off_t, flags: c_int) -> ssize_t
                 => "offset -1 is readv: until readable";
        parks    pwritev2 = pwritev64v2 (fd: c_int, iov: *const iovec, n: c_int, offset: off_t, flags: c_int) -> ssize_t
                 => "offset -1 is writev: until all is written";
        absent   pread = pread64 = __pread64 (fd: c_int, buf: *mut c_void, n: size_t, offset: off_t) -> ssize_t => POSITIONED;
        absent   pwrite = pwrite64 = __pwrite64 (fd: c_int, buf: *const c_void, n: size_t, offset: off_t) -> ssize_t => POSITIONED;
        absent   preadv = preadv64 (fd: c_int, iov: *const iovec, n: c_int, offset: off_t) -> ssize_t => POSITIONED;
        absent   pwritev = pwritev64 (fd: c_int, iov: *const iovec, n: c_int, offset: off_t) -> ssize_t => POSITIONED;
    }

    // What gcc -D_FORTIFY_SOURCE makes of the calls above.
    Fortify fortify Socket "fortified calls" {
        parks    __read_chk(fd: c_int, buf: *mut c_void, n: size_t, size: size_t) -> ssize_t
                 => "read, after the check of the buffer's size";
        parks    __recv_chk(fd: c_int, buf: *mut c_void, n: size_t, size: size_t, flags: c_int) -> ssize_t => "recv, after the check";
        parks    __recvfrom_chk(fd: c_int, buf: *mut c_void, n: size_t, size: size_t, flags: c_int, addr: *mut sockaddr, len: *mut socklen_t) -> ssize_t
                 => "recvfrom, after the check";
        parks    __poll_chk(fds: *mut pollfd, n: nfds_t, timeout: c_int, size: size_t) -> c_int => "poll, after the check";
        parks    __ppoll_chk(fds: *mut pollfd, n: nfds_t, timeout: *const timespec, mask: *const sigset_t, size: size_t) -> c_int
                 => "ppoll, after the check";
        absent   __pread_chk = __pread64_chk (fd: c_int, buf: *mut c_void, n: size_t, offset: off_t, size: size_t) -> ssize_t => POSITIONED;
    }

    // What is known of a descriptor must die with it, and be born anew when its number is.
    Fdops fdops Socket "descriptors" {
        tracks   close = __close (fd: c_int) -> c_int => "forgets the descriptor";
        tracks   close_range(first: c_uint, last: c_uint, flags: c_int) -> c_int => "forgets the descriptors, spares the library's own", SYS_close_range;
        tracks   closefrom(first: c_int) => "forgets the descriptors, spares the library's own";
        tracks   dup(fd: c_int) -> c_int => "a new descriptor of the same open file", SYS_dup;
        tracks   dup2 = __dup2 (fd: c_int, to: c_int) -> c_int => "forgets the old one, a new descriptor in its place", SYS_dup2;
        tracks   dup3(fd: c_int, to: c_int, flags: c_int) -> c_int => "forgets the old one, a new descriptor in its place", SYS_dup3;
        tracks   fcntl = __fcntl = fcntl64 (fd: c_int, cmd: c_int, arg: usize) -> c_int
                 => "variadic; F_SETFL and F_DUPFD are noted, F_SETLKW waits, F_SETOWN_EX knows coroutines";
        tracks   ioctl(fd: c_int, request: c_ulong, arg: usize) -> c_int => "variadic; FIONBIO is noted", SYS_ioctl;
        tracks   pipe = __pipe (pair: *mut c_int) -> c_int => "two new descriptors", SYS_pipe;
        tracks   pipe2(pair: *mut c_int, flags: c_int) -> c_int => "two new descriptors", SYS_pipe2;
        tracks   eventfd(count: c_uint, flags: c_int) -> c_int => "a new descriptor", SYS_eventfd2;
        tracks   signalfd(fd: c_int, mask: *const sigset_t, flags: c_int) -> c_int
                 => "it tells of the kernel's signals: a coroutine keeps its OS thread, and is sent its own there";
    }

    // libc's own input and output inside stdio has no entry of a symbol table that could be replaced.
    Stdio stdio Sys "buffered input and output" {
        tracks   fclose = _IO_fclose (stream: *mut FILE) -> c_int => "libc closes the descriptor inside: forgets it; a command of popen is waited for as by pclose";
        absent   fdopen(fd: c_int, mode: *const c_char) -> *mut FILE
                 => "a stream of libc's own: its waits are native, handoff keeps the others running";
        absent   fileno(stream: *mut FILE) -> c_int => "libc's own is right: streams are libc's own";
        absent   fileno_unlocked(stream: *mut FILE) -> c_int => "libc's own is right: streams are libc's own";
        absent   fflush(stream: *mut FILE) -> c_int => NATIVE;
        absent   fgets(line: *mut c_char, n: c_int, stream: *mut FILE) -> *mut c_char => NATIVE;
        absent   fgetc(stream: *mut FILE) -> c_int => NATIVE;
        absent   getc(stream: *mut FILE) -> c_int => NATIVE;
        absent   getchar() -> c_int => NATIVE;
        absent   getline(line: *mut *mut c_char, size: *mut size_t, stream: *mut FILE) -> ssize_t => NATIVE;
        absent   getdelim(line: *mut *mut c_char, size: *mut size_t, delimiter: c_int, stream: *mut FILE) -> ssize_t => NATIVE;
        absent   fread(data: *mut c_void, size: size_t, n: size_t, stream: *mut FILE) -> size_t => NATIVE;
        absent   fwrite(data: *const c_void, size: size_t, n: size_t, stream: *mut FILE) -> size_t => NATIVE;
        absent   fprintf(stream: *mut FILE, format: *const c_char, ...) -> c_int => NATIVE;
        absent   fputs(text: *const c_char, stream: *mut FILE) -> c_int => NATIVE;
        absent   fputc(c: c_int, stream: *mut FILE) -> c_int => NATIVE;
        absent   fscanf(stream: *mut FILE, format: *const c_char, ...) -> c_int => NATIVE;
        absent   fopen = fopen64 (path: *const c_char, mode: *const c_char) -> *mut FILE => "a FIFO waits for its other end: native, under handoff";
        tracks   freopen = freopen64 (path: *const c_char, mode: *const c_char, stream: *mut FILE) -> *mut FILE
                 => "libc closes the descriptor inside, and puts another file there: forgets it";
        absent   flockfile(stream: *mut FILE) => "the stream's lock is libc's own: native, under handoff";
        absent   fflush_unlocked(stream: *mut FILE) -> c_int => NATIVE;
        absent   fgets_unlocked(line: *mut c_char, n: c_int, stream: *mut FILE) -> *mut c_char => NATIVE;
        absent   fgetc_unlocked = getc_unlocked (stream: *mut FILE) -> c_int => NATIVE;
        absent   getchar_unlocked() -> c_int => NATIVE;
        absent   fread_unlocked(data: *mut c_void, size: size_t, n: size_t, stream: *mut FILE) -> size_t => NATIVE;
        absent   fwrite_unlocked(data: *const c_void, size: size_t, n: size_t, stream: *mut FILE) -> size_t => NATIVE;
        absent   fputs_unlocked(text: *const c_char, stream: *mut FILE) -> c_int => NATIVE;
        absent   fputc_unlocked = putc_unlocked (c: c_int, stream: *mut FILE) -> c_int => NATIVE;
        absent   putc(c: c_int, stream: *mut FILE) -> c_int => NATIVE;
        absent   putchar(c: c_int) -> c_int => NATIVE;
        absent   puts(text: *const c_char) -> c_int => NATIVE;
        absent   perror(text: *const c_char) => NATIVE;
        absent   printf(format: *const c_char, ...) -> c_int => NATIVE;
        absent   vprintf(format: *const c_char, args: va_list) -> c_int => NATIVE;
        absent   vfprintf(stream: *mut FILE, format: *const c_char, args: va_list) -> c_int => NATIVE;
        absent   dprintf(fd: c_int, format: *const c_char, ...) -> c_int => NATIVE;
        absent   vdprintf(fd: c_int, format: *const c_char, args: va_list) -> c_int => NATIVE;
        absent   scanf(format: *const c_char, ...) -> c_int => NATIVE;
        absent   vscanf(format: *const c_char, args: va_list) -> c_int => NATIVE;
        absent   vfscanf(stream: *mut FILE, format: *const c_char, args: va_list) -> c_int => NATIVE;
        absent   fgetwc = getwc (stream: *mut FILE) -> wint_t => NATIVE;
        absent   fgetws(line: *mut wchar_t, n: c_int, stream: *mut FILE) -> *mut wchar_t => NATIVE;
        absent   fputwc = putwc (c: wchar_t, stream: *mut FILE) -> wint_t => NATIVE;
        absent   fputws(text: *const wchar_t, stream: *mut FILE) -> c_int => NATIVE;
        absent   getpass(prompt: *const c_char) -> *mut c_char => NATIVE;
        absent   syslog(priority: c_int, format: *const c_char, ...) => NATIVE;
        absent   vsyslog(priority: c_int, format: *const c_char, args: va_list) => NATIVE;
        absent   fgetwc_unlocked = getwc_unlocked (stream: *mut FILE) -> wint_t => NATIVE;
        absent   fgetws_unlocked(line: *mut wchar_t, n: c_int, stream: *mut FILE) -> *mut wchar_t => NATIVE;
        absent   fputwc_unlocked = putwc_unlocked (c: wchar_t, stream: *mut FILE) -> wint_t => NATIVE;
        absent   fputws_unlocked(text: *const wchar_t, stream: *mut FILE) -> c_int => NATIVE;
        absent   getwchar() -> wint_t => NATIVE;
        absent   getwchar_unlocked() -> wint_t => NATIVE;
        absent   putwchar(c: wchar_t) -> wint_t => NATIVE;
        absent   putwchar_unlocked(c: wchar_t) -> wint_t => NATIVE;
        absent   wprintf(format: *const wchar_t, ...) -> c_int => NATIVE;
        absent   fwprintf(stream: *mut FILE, format: *const wchar_t, ...) -> c_int => NATIVE;
        absent   vwprintf(format: *const wchar_t, args: va_list) -> c_int => NATIVE;
        absent   vfwprintf(stream: *mut FILE, format: *const wchar_t, args: va_list) -> c_int => NATIVE;
        absent   wscanf(format: *const wchar_t, ...) -> c_int => NATIVE;
        absent   fwscanf(stream: *mut FILE, format: *const wchar_t, ...) -> c_int => NATIVE;
        absent   vwscanf(format: *const wchar_t, args: va_list) -> c_int => NATIVE;
        absent   vfwscanf(stream: *mut FILE, format: *const wchar_t, args: va_list) -> c_int => NATIVE;
        absent   warn(format: *const c_char, ...) => NATIVE;
        absent   warnx(format: *const c_char, ...) => NATIVE;
        absent   vwarn(format: *const c_char, args: va_list) => NATIVE;
        absent   vwarnx(format: *const c_char, args: va_list) => NATIVE;
        absent   err(status: c_int, format: *const c_char, ...) => NATIVE;
        absent   errx(status: c_int, format: *const c_char, ...) => NATIVE;
        absent   verr(status: c_int, format: *const c_char, args: va_list) => NATIVE;
        absent   verrx(status: c_int, format: *const c_char, args: va_list) => NATIVE;
        absent   error(status: c_int, number: c_int, format: *const c_char, ...) => NATIVE;
        absent   error_at_line(status: c_int, number: c_int, file: *const c_char, line: c_uint, format: *const c_char, ...) => NATIVE;
    }

    StdioChk stdio_chk Sys "fortified input and output" {
        absent   __fgets_chk(line: *mut c_char, size: size_t, n: c_int, stream: *mut FILE) -> *mut c_char => "as fgets";
        absent   __fread_chk(data: *mut c_void, room: size_t, size: size_t, n: size_t, stream: *mut FILE) -> size_t => "as fread";
        absent   __fprintf_chk(stream: *mut FILE, flag: c_int, format: *const c_char, ...) -> c_int => "as fprintf";
        absent   __vfprintf_chk(stream: *mut FILE, flag: c_int, format: *const c_char, args: va_list) -> c_int => "as fprintf";
        absent   __printf_chk(flag: c_int, format: *const c_char, ...) -> c_int => "as printf";
        absent   __vprintf_chk(flag: c_int, format: *const c_char, args: va_list) -> c_int => "as printf";
        absent   __dprintf_chk(fd: c_int, flag: c_int, format: *const c_char, ...) -> c_int => "as dprintf";
        absent   __vdprintf_chk(fd: c_int, flag: c_int, format: *const c_char, args: va_list) -> c_int => "as dprintf";
        absent   __fgets_unlocked_chk(line: *mut c_char, size: size_t, n: c_int, stream: *mut FILE) -> *mut c_char => "as fgets_unlocked";
        absent   __fread_unlocked_chk(data: *mut c_void, room: size_t, size: size_t, n: size_t, stream: *mut FILE) -> size_t
                 => "as fread_unlocked";
        absent   __syslog_chk(priority: c_int, flag: c_int, format: *const c_char, ...) => "as syslog";
        absent   __vsyslog_chk(priority: c_int, flag: c_int, format: *const c_char, args: va_list) => "as syslog";
    }

    Time time Time "sleeping" {
        parks    sleep(seconds: c_uint) -> c_uint => "until the time has come";
        parks    usleep(microseconds: useconds_t) -> c_int => "until the time has come";
        parks    nanosleep = __nanosleep (time: *const timespec, left: *mut timespec) -> c_int => "until the time has come";
        parks    clock_nanosleep(clock: clockid_t, flags: c_int, time: *const timespec, left: *mut timespec) -> c_int
                 => "until the time has come; clocks of CPU time are native";
    }

    // Waiting for one of many descriptors.
    Select select Select "select, poll and epoll" {
        parks    select = __select (n: c_int, read: *mut fd_set, write: *mut fd_set, except: *mut fd_set, timeout: *mut timeval) -> c_int
                 => "until one is ready or the time is up";
        parks    pselect(n: c_int, read: *mut fd_set, write: *mut fd_set, except: *mut fd_set, timeout: *const timespec, mask: *const sigset_t) -> c_int
                 => "until one is ready or the time is up";
        parks    poll = __poll (fds: *mut pollfd, n: nfds_t, timeout: c_int) -> c_int => "until one is ready or the time is up";
        parks    ppoll(fds: *mut pollfd, n: nfds_t, timeout: *const timespec, mask: *const sigset_t) -> c_int
                 => "until one is ready or the time is up";
        parks    epoll_wait(fd: c_int, events: *mut epoll_event, n: c_int, timeout: c_int) -> c_int
                 => "until one is ready or the time is up";
        parks    epoll_pwait(fd: c_int, events: *mut epoll_event, n: c_int, timeout: c_int, mask: *const sigset_t) -> c_int
                 => "until one is ready or the time is up";
        parks    epoll_pwait2(fd: c_int, events: *mut epoll_event, n: c_int, timeout: *const timespec, mask: *const sigset_t) -> c_int
                 => "until one is ready or the time is up";
        tracks   epoll_create(size: c_int) -> c_int => "a new descriptor", SYS_epoll_create;
        tracks   epoll_create1(flags: c_int) -> c_int => "a new descriptor", SYS_epoll_create1;
        tracks   epoll_ctl(fd: c_int, op: c_int, target: c_int, event: *mut epoll_event) -> c_int
                 => "refuses the library's own descriptors, as ones that are not open", SYS_epoll_ctl;
    }

    // The resolver's sockets are libc's own, used inside libc.
    Dns dns Dns "name look-up" {
        absent   getaddrinfo(name: *const c_char, service: *const c_char, hints: *const addrinfo, result: *mut *mut addrinfo) -> c_int
                 => NATIVE;
        absent   getnameinfo(addr: *const sockaddr, len: socklen_t, host: *mut c_char, host_len: socklen_t, service: *mut c_char, service_len: socklen_t, flags: c_int) -> c_int
                 => NATIVE;
        absent   gethostbyname(name: *const c_char) -> *mut hostent => NATIVE;
        absent   gethostbyname2(name: *const c_char, family: c_int) -> *mut hostent => NATIVE;
        absent   gethostbyaddr(addr: *const c_void, len: socklen_t, family: c_int) -> *mut hostent => NATIVE;
        absent   gethostbyname_r(name: *const c_char, entry: *mut hostent, buf: *mut c_char, n: size_t, result: *mut *mut hostent, error: *mut c_int) -> c_int
                 => NATIVE;
        absent   gethostbyname2_r(name: *const c_char, family: c_int, entry: *mut hostent, buf: *mut c_char, n: size_t, result: *mut *mut hostent, error: *mut c_int) -> c_int
                 => NATIVE;
        absent   gethostbyaddr_r(addr: *const c_void, len: socklen_t, family: c_int, entry: *mut hostent, buf: *mut c_char, n: size_t, result: *mut *mut hostent, error: *mut c_int) -> c_int
                 => NATIVE;
        absent   gai_suspend(list: *const *const gaicb, n: c_int, timeout: *const timespec) -> c_int => NATIVE;
        absent   getaddrinfo_a(mode: c_int, list: *mut *mut gaicb, n: c_int, event: *mut sigevent) -> c_int
                 => "GAI_NOWAIT uses helper threads of libc's own, GAI_WAIT is native in a coroutine";
        absent   res_query(name: *const c_char, class: c_int, kind: c_int, answer: *mut c_uchar, n: c_int) -> c_int => NATIVE;
        absent   res_search(name: *const c_char, class: c_int, kind: c_int, answer: *mut c_uchar, n: c_int) -> c_int => NATIVE;
        absent   res_send(query: *const c_uchar, len: c_int, answer: *mut c_uchar, n: c_int) -> c_int => NATIVE;
        absent   res_querydomain(name: *const c_char, domain: *const c_char, class: c_int, kind: c_int, answer: *mut c_uchar, n: c_int) -> c_int
                 => NATIVE;
        absent   res_nquery(state: res_state, name: *const c_char, class: c_int, kind: c_int, answer: *mut c_uchar, n: c_int) -> c_int
                 => NATIVE;
        absent   res_nsearch(state: res_state, name: *const c_char, class: c_int, kind: c_int, answer: *mut c_uchar, n: c_int) -> c_int
                 => NATIVE;
        absent   getservbyname(name: *const c_char, protocol: *const c_char) -> *mut servent => NATIVE;
        absent   getservbyport(port: c_int, protocol: *const c_char) -> *mut servent => NATIVE;
        absent   getservbyname_r(name: *const c_char, protocol: *const c_char, entry: *mut servent, buf: *mut c_char, n: size_t, result: *mut *mut servent) -> c_int
                 => NATIVE;
        absent   getservbyport_r(port: c_int, protocol: *const c_char, entry: *mut servent, buf: *mut c_char, n: size_t, result: *mut *mut servent) -> c_int
                 => NATIVE;
        absent   getprotobyname(name: *const c_char) -> *mut protoent => NATIVE;
        absent   getprotobynumber(number: c_int) -> *mut protoent => NATIVE;
        absent   getprotobyname_r(name: *const c_char, entry: *mut protoent, buf: *mut c_char, n: size_t, result: *mut *mut protoent) -> c_int
                 => NATIVE;
        absent   getprotobynumber_r(number: c_int, entry: *mut protoent, buf: *mut c_char, n: size_t, result: *mut *mut protoent) -> c_int => NATIVE;
        absent   getnetbyname(name: *const c_char) -> *mut netent => NATIVE;
        absent   getnetbyaddr(net: u32, family: c_int) -> *mut netent => NATIVE;
        absent   getnetbyname_r(name: *const c_char, entry: *mut netent, buf: *mut c_char, n: size_t, result: *mut *mut netent, error: *mut c_int) -> c_int
                 => NATIVE;
        absent   getnetbyaddr_r(net: u32, family: c_int, entry: *mut netent, buf: *mut c_char, n: size_t, result: *mut *mut netent, error: *mut c_int) -> c_int
                 => NATIVE;
        absent   getifaddrs(list: *mut *mut ifaddrs) -> c_int => NATIVE;
        absent   getpwnam(name: *const c_char) -> *mut passwd => NATIVE;
        absent   getpwuid(uid: uid_t) -> *mut passwd => NATIVE;
        absent   getpwnam_r(name: *const c_char, entry: *mut passwd, buf: *mut c_char, n: size_t, result: *mut *mut passwd) -> c_int
                 => NATIVE;
        absent   getpwuid_r(uid: uid_t, entry: *mut passwd, buf: *mut c_char, n: size_t, result: *mut *mut passwd) -> c_int => NATIVE;
        absent   getgrnam(name: *const c_char) -> *mut group => NATIVE;
        absent   getgrgid(gid: gid_t) -> *mut group => NATIVE;
        absent   getgrnam_r(name: *const c_char, entry: *mut group, buf: *mut c_char, n: size_t, result: *mut *mut group) -> c_int
                 => NATIVE;
        absent   getgrgid_r(gid: gid_t, entry: *mut group, buf: *mut c_char, n: size_t, result: *mut *mut group) -> c_int => NATIVE;
        absent   getgrouplist(user: *const c_char, gid: gid_t, groups: *mut gid_t, n: *mut c_int) -> c_int => NATIVE;
        absent   initgroups(user: *const c_char, gid: gid_t) -> c_int => NATIVE;
        absent   res_nquerydomain(state: res_state, name: *const c_char, domain: *const c_char, class: c_int, kind: c_int, answer: *mut c_uchar, n: c_int) -> c_int
                 => NATIVE;
        absent   res_nsend(state: res_state, query: *const c_uchar, len: c_int, answer: *mut c_uchar, n: c_int) -> c_int => NATIVE;
    }

    // A coroutine is a whole pthread with a TCB of its own: what libc finds there is right without us. What takes the
    // kernel's thread id from there is not: the id is the coroutine's, and unknown to the kernel.
    Thread thread Thread "threads" {
        tracks   pthread_create(thread: *mut pthread_t, attr: *const pthread_attr_t, start: StartRoutine, arg: *mut c_void) -> c_int
                 => "makes a coroutine and never waits";
        parks    pthread_join(thread: pthread_t, result: *mut *mut c_void) -> c_int => "until the thread has ended";
        tracks   pthread_tryjoin_np(thread: pthread_t, result: *mut *mut c_void) -> c_int => "never waits";
        parks    pthread_timedjoin_np(thread: pthread_t, result: *mut *mut c_void, deadline: *const timespec) -> c_int
                 => "until the thread has ended or the time is up";
        parks    pthread_clockjoin_np(thread: pthread_t, result: *mut *mut c_void, clock: clockid_t, deadline: *const timespec) -> c_int
                 => "until the thread has ended or the time is up";
        tracks   pthread_detach(thread: pthread_t) -> c_int => "frees the coroutine at its end, or now";
        tracks   pthread_exit(result: *mut c_void) -> ! => "unwinds the coroutine; main's waits for the coroutines to end";
        tracks   pthread_cancel(thread: pthread_t) -> c_int => "wakes the parked coroutine; never waits itself";
        absent   pthread_setcancelstate(state: c_int, old: *mut c_int) -> c_int => IN_TCB;
        absent   pthread_setcanceltype(kind: c_int, old: *mut c_int) -> c_int => IN_TCB;
        absent   pthread_testcancel() => "libc's own work on the coroutine's TCB is right, and unwinds to our base frame";
        tracks   pthread_kill(thread: pthread_t, signum: c_int) -> c_int => "the kernel does not know a coroutine's id";
        tracks   pthread_sigqueue(thread: pthread_t, signum: c_int, value: sigval) -> c_int => "the kernel does not know a coroutine's id";
        tracks   pthread_sigmask(how: c_int, set: *const sigset_t, old: *mut sigset_t) -> c_int => "the mask is the coroutine's";
        parks    pthread_once = __pthread_once (once: *mut pthread_once_t, init: InitRoutine) -> c_int => "until whoever came first has done it";
        tracks   pthread_getattr_np(thread: pthread_t, attr: *mut pthread_attr_t) -> c_int => BY_TID;
        tracks   pthread_setname_np(thread: pthread_t, name: *const c_char) -> c_int => BY_TID;
        tracks   pthread_getname_np(thread: pthread_t, name: *mut c_char, n: size_t) -> c_int => BY_TID;
        tracks   pthread_setaffinity_np(thread: pthread_t, n: size_t, cpus: *const cpu_set_t) -> c_int => BY_TID;
        tracks   pthread_getaffinity_np(thread: pthread_t, n: size_t, cpus: *mut cpu_set_t) -> c_int => BY_TID;
        tracks   pthread_setschedparam(thread: pthread_t, policy: c_int, param: *const sched_param) -> c_int => BY_TID;
        tracks   pthread_getschedparam(thread: pthread_t, policy: *mut c_int, param: *mut sched_param) -> c_int => BY_TID;
        tracks   pthread_setschedprio(thread: pthread_t, priority: c_int) -> c_int => BY_TID;
        tracks   pthread_getcpuclockid(thread: pthread_t, clock: *mut clockid_t) -> c_int => "the clock is the coroutine's own";
        absent   pthread_atfork(prepare: ForkHandler, parent: ForkHandler, child: ForkHandler) -> c_int
                 => "libc's own list is the process's; each program links its own copy of this function";
        parks    sched_yield = pthread_yield = __sched_yield () -> c_int => "lets others run", SYS_sched_yield;
        absent   pthread_key_create(key: *mut pthread_key_t, destructor: KeyDestructor) -> c_int => PER_PROCESS;
        absent   pthread_key_delete(key: pthread_key_t) -> c_int => PER_PROCESS;
        absent   pthread_getspecific(key: pthread_key_t) -> *mut c_void => IN_TCB;
        absent   pthread_setspecific(key: pthread_key_t, value: *const c_void) -> c_int => IN_TCB;
        absent   pthread_self() -> pthread_t => IN_TCB;
        absent   pthread_equal(a: pthread_t, b: pthread_t) -> c_int => "libc's own is right: it compares two TCBs";
    }

    Cancel cancel Thread "cancellation and cleanup handlers" {
        absent   __pthread_register_cancel(buf: *mut __pthread_unwind_buf_t) => IN_TCB;
        absent   __pthread_unregister_cancel(buf: *mut __pthread_unwind_buf_t) => IN_TCB;
        absent   __pthread_register_cancel_defer(buf: *mut __pthread_unwind_buf_t) => IN_TCB;
        absent   __pthread_unregister_cancel_restore(buf: *mut __pthread_unwind_buf_t) => IN_TCB;
        absent   __pthread_unwind_next(buf: *mut __pthread_unwind_buf_t) -> ! => IN_TCB;
        absent   _pthread_cleanup_push(buf: *mut _pthread_cleanup_buffer, routine: CleanupRoutine, arg: *mut c_void) => IN_TCB;
        absent   _pthread_cleanup_pop(buf: *mut _pthread_cleanup_buffer, execute: c_int) => IN_TCB;
        absent   _pthread_cleanup_push_defer(buf: *mut _pthread_cleanup_buffer, routine: CleanupRoutine, arg: *mut c_void) => IN_TCB;
        absent   _pthread_cleanup_pop_restore(buf: *mut _pthread_cleanup_buffer, execute: c_int) => IN_TCB;
    }

    // From here to `syscall`: parking by address, in glibc's own layout of each object. Process-shared ones are glibc's.
    Mutex mutex Thread "mutexes" in_vfork_child {
        tracks   pthread_mutex_init = __pthread_mutex_init (mutex: *mut pthread_mutex_t, attr: *const pthread_mutexattr_t) -> c_int => "never waits";
        tracks   pthread_mutex_destroy = __pthread_mutex_destroy (mutex: *mut pthread_mutex_t) -> c_int => "never waits";
        parks    pthread_mutex_lock = __pthread_mutex_lock (mutex: *mut pthread_mutex_t) -> c_int => "until unlocked";
        tracks   pthread_mutex_trylock = __pthread_mutex_trylock (mutex: *mut pthread_mutex_t) -> c_int => "never waits";
        parks    pthread_mutex_timedlock(mutex: *mut pthread_mutex_t, deadline: *const timespec) -> c_int
                 => "until unlocked or the time is up";
        parks    pthread_mutex_clocklock(mutex: *mut pthread_mutex_t, clock: clockid_t, deadline: *const timespec) -> c_int
                 => "until unlocked or the time is up";
        tracks   pthread_mutex_unlock = __pthread_mutex_unlock (mutex: *mut pthread_mutex_t) -> c_int => "wakes one who waits";
        tracks   pthread_mutex_consistent = pthread_mutex_consistent_np (mutex: *mut pthread_mutex_t) -> c_int => "never waits";
        tracks   pthread_mutex_getprioceiling(mutex: *const pthread_mutex_t, ceiling: *mut c_int) -> c_int => "never waits";
        parks    pthread_mutex_setprioceiling(mutex: *mut pthread_mutex_t, ceiling: c_int, old: *mut c_int) -> c_int => "locks the mutex";
    }

    Cond cond Thread "condition variables" in_vfork_child {
        tracks   pthread_cond_init(cond: *mut pthread_cond_t, attr: *const pthread_condattr_t) -> c_int => "never waits";
        parks    pthread_cond_destroy(cond: *mut pthread_cond_t) -> c_int => "until the woken have left it";
        parks    pthread_cond_wait(cond: *mut pthread_cond_t, mutex: *mut pthread_mutex_t) -> c_int => "until signalled";
        parks    pthread_cond_timedwait(cond: *mut pthread_cond_t, mutex: *mut pthread_mutex_t, deadline: *const timespec) -> c_int
                 => "until signalled or the time is up";
        parks    pthread_cond_clockwait(cond: *mut pthread_cond_t, mutex: *mut pthread_mutex_t, clock: clockid_t, deadline: *const timespec) -> c_int
                 => "until signalled or the time is up";
        tracks   pthread_cond_signal(cond: *mut pthread_cond_t) -> c_int => "wakes one who waits";
        tracks   pthread_cond_broadcast(cond: *mut pthread_cond_t) -> c_int => "wakes all who wait";
    }

    Rwlock rwlock Thread "read-write locks" in_vfork_child {
        tracks   pthread_rwlock_init = __pthread_rwlock_init (lock: *mut pthread_rwlock_t, attr: *const pthread_rwlockattr_t) -> c_int => "never waits";
        tracks   pthread_rwlock_destroy = __pthread_rwlock_destroy (lock: *mut pthread_rwlock_t) -> c_int => "never waits";
        parks    pthread_rwlock_rdlock = __pthread_rwlock_rdlock (lock: *mut pthread_rwlock_t) -> c_int => "until no writer holds it";
        tracks   pthread_rwlock_tryrdlock = __pthread_rwlock_tryrdlock (lock: *mut pthread_rwlock_t) -> c_int => "never waits";
        parks    pthread_rwlock_timedrdlock(lock: *mut pthread_rwlock_t, deadline: *const timespec) -> c_int
                 => "until no writer holds it or the time is up";
        parks    pthread_rwlock_clockrdlock(lock: *mut pthread_rwlock_t, clock: clockid_t, deadline: *const timespec) -> c_int
                 => "until no writer holds it or the time is up";
        parks    pthread_rwlock_wrlock = __pthread_rwlock_wrlock (lock: *mut pthread_rwlock_t) -> c_int => "until nobody holds it";
        tracks   pthread_rwlock_trywrlock = __pthread_rwlock_trywrlock (lock: *mut pthread_rwlock_t) -> c_int => "never waits";
        parks    pthread_rwlock_timedwrlock(lock: *mut pthread_rwlock_t, deadline: *const timespec) -> c_int
                 => "until nobody holds it or the time is up";
        parks    pthread_rwlock_clockwrlock(lock: *mut pthread_rwlock_t, clock: clockid_t, deadline: *const timespec) -> c_int
                 => "until nobody holds it or the time is up";
        tracks   pthread_rwlock_unlock = __pthread_rwlock_unlock (lock: *mut pthread_rwlock_t) -> c_int => "wakes those who wait";
    }

    Spin spin Thread "spin locks" in_vfork_child {
        tracks   pthread_spin_init(lock: *mut pthread_spinlock_t, shared: c_int) -> c_int => "never waits";
        tracks   pthread_spin_destroy(lock: *mut pthread_spinlock_t) -> c_int => "never waits";
        parks    pthread_spin_lock(lock: *mut pthread_spinlock_t) -> c_int
                 => "lets others run when it has spun in vain: the holder may be one of them";
        tracks   pthread_spin_trylock(lock: *mut pthread_spinlock_t) -> c_int => "never waits";
        tracks   pthread_spin_unlock(lock: *mut pthread_spinlock_t) -> c_int => "never waits";
    }

    Barrier barrier Thread "barriers" in_vfork_child {
        tracks   pthread_barrier_init(barrier: *mut pthread_barrier_t, attr: *const pthread_barrierattr_t, n: c_uint) -> c_int
                 => "never waits";
        parks    pthread_barrier_wait(barrier: *mut pthread_barrier_t) -> c_int => "until all have come";
        parks    pthread_barrier_destroy(barrier: *mut pthread_barrier_t) -> c_int => "until the woken have left it";
    }

    Sem sem Thread "semaphores" in_vfork_child {
        tracks   sem_init(sem: *mut sem_t, shared: c_int, value: c_uint) -> c_int => "never waits";
        tracks   sem_destroy(sem: *mut sem_t) -> c_int => "never waits";
        parks    sem_wait(sem: *mut sem_t) -> c_int => "until posted";
        tracks   sem_trywait(sem: *mut sem_t) -> c_int => "never waits";
        parks    sem_timedwait(sem: *mut sem_t, deadline: *const timespec) -> c_int => "until posted or the time is up";
        parks    sem_clockwait(sem: *mut sem_t, clock: clockid_t, deadline: *const timespec) -> c_int => "until posted or the time is up";
        tracks   sem_post(sem: *mut sem_t) -> c_int => "wakes one who waits";
        tracks   sem_getvalue(sem: *mut sem_t, value: *mut c_int) -> c_int => "never waits";
    }

    // C11 threads are the threads above by other names, but call them inside libc, past any interposer.
    C11 c11 Thread "C11 threads" in_vfork_child {
        tracks   thrd_create(thread: *mut thrd_t, start: thrd_start_t, arg: *mut c_void) -> c_int
                 => "makes a coroutine and never waits";
        parks    thrd_join(thread: thrd_t, result: *mut c_int) -> c_int => "until the thread has ended";
        tracks   thrd_detach(thread: thrd_t) -> c_int => "frees the coroutine at its end, or now";
        tracks   thrd_exit(result: c_int) -> ! => "unwinds the coroutine; main's waits for the coroutines to end";
        parks    thrd_sleep(time: *const timespec, left: *mut timespec) -> c_int => "until the time has come";
        parks    thrd_yield() => "lets others run";
        absent   thrd_current() -> thrd_t => IN_TCB;
        absent   thrd_equal(a: thrd_t, b: thrd_t) -> c_int => "libc's own is right: it compares two TCBs";
        absent   mtx_init(mutex: *mut mtx_t, kind: c_int) -> c_int => NO_WAIT;
        parks    mtx_lock(mutex: *mut mtx_t) -> c_int => "until unlocked";
        tracks   mtx_trylock(mutex: *mut mtx_t) -> c_int => "never waits";
        parks    mtx_timedlock(mutex: *mut mtx_t, deadline: *const timespec) -> c_int => "until unlocked or the time is up";
        tracks   mtx_unlock(mutex: *mut mtx_t) -> c_int => "wakes one who waits";
        absent   mtx_destroy(mutex: *mut mtx_t) => NO_WAIT;
        absent   cnd_init(cond: *mut cnd_t) -> c_int => NO_WAIT;
        parks    cnd_wait(cond: *mut cnd_t, mutex: *mut mtx_t) -> c_int => "until signalled";
        parks    cnd_timedwait(cond: *mut cnd_t, mutex: *mut mtx_t, deadline: *const timespec) -> c_int
                 => "until signalled or the time is up";
        tracks   cnd_signal(cond: *mut cnd_t) -> c_int => "wakes one who waits";
        tracks   cnd_broadcast(cond: *mut cnd_t) -> c_int => "wakes all who wait";
        parks    cnd_destroy(cond: *mut cnd_t) => "until the woken have left it";
        absent   tss_create(key: *mut tss_t, destructor: KeyDestructor) -> c_int => PER_PROCESS;
        absent   tss_get(key: tss_t) -> *mut c_void => IN_TCB;
        absent   tss_set(key: tss_t, value: *mut c_void) -> c_int => IN_TCB;
        absent   tss_delete(key: tss_t) => PER_PROCESS;
        parks    call_once(once: *mut once_flag, init: InitRoutine) => "until whoever came first has done it";
    }

    // C++20's atomic wait, Rust's std and others make this one call with SYS_futex.
    Futex futex Thread "futexes, by syscall()" {
        parks    syscall(number: c_long, a1: usize, a2: usize, a3: usize, a4: usize, a5: usize, a6: usize) -> c_long
                 => "variadic; follows this table by the number, the rest is the kernel's";
        called   futex(word: usize, operation: c_int, value: c_uint, timeout: usize, second: usize, mask: c_uint) -> c_long
                 => "until woken; shared memory and priority inheritance are the kernel's", SYS_futex;
        called   futex_waitv(words: usize, n: c_uint, flags: c_uint, timeout: usize, clock: clockid_t) -> c_long
                 => "until one of them is woken; with shared memory among them it is the kernel's", SYS_futex_waitv;
        called   futex_wait(word: usize, value: usize, mask: usize, flags: c_uint, timeout: usize, clock: clockid_t) -> c_long
                 => "as futex", SYS_futex_wait;
        called   futex_wake(word: usize, mask: usize, n: c_int, flags: c_uint) -> c_long => "as futex", SYS_futex_wake;
        called   futex_requeue(words: usize, flags: c_uint, wake: c_int, limit: c_int) -> c_long => "as futex", SYS_futex_requeue;
    }

    // System calls that no function of libc's makes, or not as the kernel answers them.
    Call by_call Thread "system calls, by syscall()" {
        called   exit(status: c_int) -> c_long => "ends the coroutine where it is; main's waits for the others to end", SYS_exit;
        called   close(fd: c_int) -> c_int => "as close, but no cancellation point", SYS_close;
        called   fcntl(fd: c_int, cmd: c_int, arg: usize) -> c_int => "as fcntl, but no cancellation point", SYS_fcntl;
        called   eventfd(count: c_uint) -> c_int => "a new descriptor", SYS_eventfd;
        called   signalfd(fd: c_int, mask: usize, size: usize, flags: c_int) -> c_int => "as signalfd", SYS_signalfd, SYS_signalfd4;
        called   sched_getaffinity(tid: c_int, n: usize, cpus: usize) -> c_int => BY_OWN_ID, SYS_sched_getaffinity;
        called   asks_of_kind(kind: c_uint, id: c_uint) -> c_int => BY_OWN_ID, SYS_getpriority, SYS_ioprio_get;
        called   ioprio_set(kind: c_uint, id: c_uint, priority: c_int) -> c_int => OF_OS_THREAD, SYS_ioprio_set;
        called   tkill(tid: c_int, signum: c_int) -> c_int => "the kernel does not know a coroutine's id", SYS_tkill;
        called   rt_tgsigqueueinfo(pid: c_int, tid: c_int, signum: c_int, info: *const siginfo_t) -> c_int
                 => "the kernel does not know a coroutine's id", SYS_rt_tgsigqueueinfo;
        called   of_process(pid: c_int, a2: usize, a3: usize, a4: usize, a5: usize, a6: usize) -> c_long
                 => BY_OWN_ID, SYS_migrate_pages, SYS_move_pages;
        called   kcmp(a: c_int, b: c_int, kind: c_int, first: usize, second: usize) -> c_int => BY_OWN_ID, SYS_kcmp;
        called   get_robust_list(tid: c_int, head: *mut usize, size: *mut usize) -> c_int => BY_OWN_ID, SYS_get_robust_list;
        called   set_tid_address(word: usize) -> c_int => "the word is cleared when the coroutine ends", SYS_set_tid_address;
        called   timer_create(clock: c_int, event: *const sigevent, timer: usize) -> c_int
                 => "as timer_create, with the kernel's own timer id", SYS_timer_create;
        called   changes_thread(a1: usize, a2: usize, a3: usize, a4: usize, a5: usize) -> c_long
                 => OF_ONE_THREAD, SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setgroups,
                    SYS_set_mempolicy, SYS_seccomp, SYS_landlock_restrict_self;
        called   holds_thread(a1: usize, a2: usize, a3: usize, a4: usize) -> c_long
                 => "the kernel holds on to the calling thread: a coroutine keeps its OS thread from then on",
                    SYS_ptrace, SYS_io_uring_setup, SYS_io_uring_register, SYS_set_robust_list;
        called   rseq(area: usize, size: usize, flags: usize, signature: usize) -> c_long
                 => "a coroutine that registers an area keeps its OS thread", SYS_rseq;
        called   perf_event_open(attr: usize, tid: c_int, cpu: c_int, group: c_int, flags: usize) -> c_int
                 => "a coroutine that is counted keeps its OS thread", SYS_perf_event_open;
        called   keys(a1: usize, a2: usize, a3: usize, a4: usize, a5: usize) -> c_long
                 => "a coroutine that changes its keyrings keeps its OS thread", SYS_keyctl, SYS_add_key, SYS_request_key;
    }

    Os os Os "processes" {
        tracks   fork = __fork () -> pid_t => "the child has one native thread";
        tracks   vfork = __vfork () -> pid_t
                 => "the child runs natively in the parent's memory; the caller's worker goes to another OS thread";
        tracks   clone = __clone (start: usize, stack: usize, flags: c_int, arg: usize, parent_tid: usize, tls: usize, child_tid: usize) -> c_int
                 => "variadic; waits on a word that the kernel clears are the kernel's";
        tracks   daemon(nochdir: c_int, noclose: c_int) -> c_int => "forks inside libc, and puts /dev/null over three descriptors";
        absent   _Fork() -> pid_t => "runs no handlers by definition: its child may use async-signal-safe calls and exec";
        tracks   login_tty(fd: c_int) -> c_int => "puts the terminal over three descriptors inside libc";
        absent   forkpty(fd: *mut c_int, name: *mut c_char, terminal: *const termios, window: *const winsize) -> pid_t
                 => "forks inside libc, which runs our fork handlers";
        absent   execv(path: *const c_char, argv: *const *mut c_char) -> c_int => EXEC;
        absent   execve(path: *const c_char, argv: *const *mut c_char, envp: *const *mut c_char) -> c_int => EXEC;
        absent   execvp(file: *const c_char, argv: *const *mut c_char) -> c_int => EXEC;
        absent   execvpe(file: *const c_char, argv: *const *mut c_char, envp: *const *mut c_char) -> c_int => EXEC;
        absent   execl(path: *const c_char, arg: *const c_char, ...) -> c_int => EXEC;
        absent   execlp(file: *const c_char, arg: *const c_char, ...) -> c_int => EXEC;
        absent   execle(path: *const c_char, arg: *const c_char, ...) -> c_int => EXEC;
        absent   fexecve(fd: c_int, argv: *const *mut c_char, envp: *const *mut c_char) -> c_int => EXEC;
        absent   execveat(dir: c_int, path: *const c_char, argv: *const *mut c_char, envp: *const *mut c_char, flags: c_int) -> c_int
                 => EXEC;
        tracks   posix_spawn(pid: *mut pid_t, path: *const c_char, actions: *const posix_spawn_file_actions_t, attr: *const posix_spawnattr_t, argv: *const *mut c_char, envp: *const *mut c_char) -> c_int
                 => SPAWN;
        tracks   posix_spawnp(pid: *mut pid_t, file: *const c_char, actions: *const posix_spawn_file_actions_t, attr: *const posix_spawnattr_t, argv: *const *mut c_char, envp: *const *mut c_char) -> c_int
                 => SPAWN;
        parks    waitpid = __waitpid (pid: pid_t, status: *mut c_int, options: c_int) -> pid_t => CHILD;
        parks    wait = __wait (status: *mut c_int) -> pid_t => "until any child has ended";
        parks    wait3(status: *mut c_int, options: c_int, usage: *mut rusage) -> pid_t => CHILD;
        parks    wait4(pid: pid_t, status: *mut c_int, options: c_int, usage: *mut rusage) -> pid_t => CHILD;
        parks    waitid(kind: idtype_t, id: id_t, info: *mut siginfo_t, options: c_int) -> c_int => CHILD;
        parks    system(command: *const c_char) -> c_int => "until the command has ended; passes descriptors on";
        tracks   popen = _IO_popen (command: *const c_char, mode: *const c_char) -> *mut FILE
                 => "passes descriptors on; the stream is fdopen's, and its command is ours to wait for";
        parks    pclose(stream: *mut FILE) -> c_int => "until the command has ended; libc closes the descriptor inside";
    }

    // Handlers run where `signals` says: on the thread that the signal is for, out of our own code.
    Signal signal Signal "signals" always in_vfork_child {
        tracks   sigaction = __sigaction (signum: c_int, action: *const sigaction, old: *mut sigaction) -> c_int
                 => "a handler runs on the coroutine that the signal is for";
        tracks   signal = bsd_signal = ssignal (signum: c_int, handler: sighandler_t) -> sighandler_t => "as sigaction";
        tracks   sysv_signal = __sysv_signal (signum: c_int, handler: sighandler_t) -> sighandler_t => "as sigaction";
        tracks   siginterrupt(signum: c_int, interrupt: c_int) -> c_int => "as sigaction";
        tracks   sigset(signum: c_int, handler: sighandler_t) -> sighandler_t => "as sigaction and sigprocmask";
        tracks   sigignore(signum: c_int) -> c_int => "as sigaction";
        tracks   sigblock(mask: c_int) -> c_int => "the mask is the coroutine's";
        tracks   sigsetmask(mask: c_int) -> c_int => "the mask is the coroutine's";
        absent   siggetmask() -> c_int => "libc's own is right: while a coroutine runs, its OS thread has its mask";
        tracks   sighold(signum: c_int) -> c_int => "the mask is the coroutine's";
        tracks   sigrelse(signum: c_int) -> c_int => "the mask is the coroutine's";
        tracks   sigprocmask(how: c_int, set: *const sigset_t, old: *mut sigset_t) -> c_int => "the mask is the coroutine's";
        tracks   longjmp = siglongjmp = _longjmp (buf: *mut jmp_buf_tag, value: c_int) -> ! => "puts back the mask that sigsetjmp saved";
        tracks   __longjmp_chk(buf: *mut jmp_buf_tag, value: c_int) -> ! => "as siglongjmp, fortified";
        tracks   kill(pid: pid_t, signum: c_int) -> c_int => "a signal to oneself has arrived when it returns", SYS_kill;
        absent   killpg(group: pid_t, signum: c_int) -> c_int => "libc's own is right: no group has a coroutine's id";
        tracks   sigqueue(pid: pid_t, signum: c_int, value: sigval) -> c_int => "as kill";
        tracks   raise = gsignal (signum: c_int) -> c_int => "the kernel does not know a coroutine's id";
        tracks   tgkill(pid: pid_t, tid: pid_t, signum: c_int) -> c_int => "the kernel does not know a coroutine's id", SYS_tgkill;
        tracks   sigaltstack(stack: *const stack_t, old: *mut stack_t) -> c_int => "the coroutine's own", SYS_sigaltstack;
        tracks   sigpending(set: *mut sigset_t) -> c_int => "tells of the coroutine's own, too";
        tracks   swapcontext(from: *mut ucontext_t, to: *const ucontext_t) -> c_int => "the mask is the coroutine's";
        tracks   setcontext(to: *const ucontext_t) -> c_int => "the mask is the coroutine's";
    }

    // Waiting for them.
    SignalWait signal_wait Signal "waiting for signals" always {
        detaches sigwait(set: *const sigset_t, signum: *mut c_int) -> c_int => "until one of them arrives";
        detaches sigwaitinfo(set: *const sigset_t, info: *mut siginfo_t) -> c_int => "until one of them arrives";
        detaches sigtimedwait(set: *const sigset_t, info: *mut siginfo_t, timeout: *const timespec) -> c_int
                 => "until one of them arrives or the time is up";
        parks    sigsuspend = __sigsuspend (mask: *const sigset_t) -> c_int => "until a handler has run";
        parks    pause() -> c_int => "until a handler has run";
        parks    sigpause(mask: c_int) -> c_int => "BSD's: until a handler has run";
        parks    __xpg_sigpause(signum: c_int) -> c_int => "until a handler has run";
    }

    // The same as the kernel has them.
    SignalCall signal_call Signal "signals, by syscall()" always {
        called   rt_sigaction(signum: c_int, new: *const KernelAction, old: *mut KernelAction, size: usize) -> c_int
                 => "as sigaction", SYS_rt_sigaction;
        called   rt_sigprocmask(how: c_int, set: *const u64, old: *mut u64, size: usize) -> c_int
                 => "the mask is the coroutine's", SYS_rt_sigprocmask;
        called   rt_sigpending(set: *mut u64, size: usize) -> c_int => "tells of the coroutine's own, too", SYS_rt_sigpending;
        called   rt_sigtimedwait(set: *const u64, info: *mut siginfo_t, timeout: *const timespec, size: usize) -> c_int
                 => "as sigtimedwait", SYS_rt_sigtimedwait;
        called   rt_sigsuspend(mask: *const u64, size: usize) -> c_int => "as sigsuspend", SYS_rt_sigsuspend;
        called   waits_with_mask(a1: usize, a2: usize, a3: usize, a4: usize, a5: usize, a6: usize) -> c_long
                 => "until the kernel says so, or a signal comes that only the mask lets in",
                    SYS_ppoll, SYS_pselect6, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_io_pgetevents;
    }

    // Waits that no readiness tells the end of.
    File file Sys "files, terminals and System V or POSIX queues" {
        detaches open = open64 = __open = __open64 (path: *const c_char, flags: c_int, mode: mode_t) -> c_int
                 => "variadic; a FIFO waits for its other end, a disk for itself";
        detaches openat = openat64 (dir: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int => "variadic; as open";
        detaches __open_2 = __open64_2 (path: *const c_char, flags: c_int) -> c_int => "open, after a check that it makes no file";
        detaches __openat_2 = __openat64_2 (dir: c_int, path: *const c_char, flags: c_int) -> c_int => "openat, after the same check";
        detaches creat = creat64 (path: *const c_char, mode: mode_t) -> c_int => "as open";
        detaches open_by_handle_at(mount: c_int, handle: *mut file_handle, flags: c_int) -> c_int => "as open";
        detaches flock(fd: c_int, operation: c_int) -> c_int => "until unlocked, by this process or another";
        detaches lockf = lockf64 (fd: c_int, command: c_int, len: off_t) -> c_int => "until unlocked, by another process";
        detaches fsync(fd: c_int) -> c_int => "until the disk has it";
        detaches fdatasync(fd: c_int) -> c_int => "until the disk has it";
        absent   sync() => DISK;
        absent   syncfs(fd: c_int) -> c_int => DISK;
        absent   sync_file_range(fd: c_int, offset: off64_t, n: off64_t, flags: c_uint) -> c_int => DISK;
        absent   msync(addr: *mut c_void, n: size_t, flags: c_int) -> c_int => DISK;
        absent   fallocate = fallocate64 (fd: c_int, mode: c_int, offset: off_t, n: off_t) -> c_int => DISK;
        absent   posix_fallocate = posix_fallocate64 (fd: c_int, offset: off_t, n: off_t) -> c_int => DISK;
        absent   copy_file_range(from: c_int, from_offset: *mut off64_t, to: c_int, to_offset: *mut off64_t, n: size_t, flags: c_uint) -> ssize_t
                 => DISK;
        absent   readahead(fd: c_int, offset: off64_t, n: size_t) -> ssize_t => DISK;
        absent   aio_suspend = aio_suspend64 (list: *const *const aiocb, n: c_int, timeout: *const timespec) -> c_int => NATIVE;
        absent   lio_listio = lio_listio64 (mode: c_int, list: *const *mut aiocb, n: c_int, event: *mut sigevent) -> c_int => NATIVE;
        absent   lckpwdf() -> c_int => NATIVE;
        absent   tcsetattr(fd: c_int, actions: c_int, settings: *const termios) -> c_int => NATIVE;
        absent   tcsendbreak(fd: c_int, duration: c_int) -> c_int => NATIVE;
        absent   tcflow(fd: c_int, action: c_int) -> c_int => NATIVE;
        detaches tcdrain(fd: c_int) -> c_int => "until the terminal has it";
        detaches mq_receive(queue: mqd_t, buf: *mut c_char, n: size_t, priority: *mut c_uint) -> ssize_t => "until a message arrives";
        detaches mq_timedreceive(queue: mqd_t, buf: *mut c_char, n: size_t, priority: *mut c_uint, deadline: *const timespec) -> ssize_t
                 => "until a message arrives or the time is up";
        detaches mq_send(queue: mqd_t, buf: *const c_char, n: size_t, priority: c_uint) -> c_int => "until there is room";
        detaches mq_timedsend(queue: mqd_t, buf: *const c_char, n: size_t, priority: c_uint, deadline: *const timespec) -> c_int
                 => "until there is room or the time is up";
        detaches msgrcv(queue: c_int, buf: *mut c_void, n: size_t, kind: c_long, flags: c_int) -> ssize_t => "until a message arrives";
        detaches msgsnd(queue: c_int, buf: *const c_void, n: size_t, flags: c_int) -> c_int => "until there is room";
        detaches semop(set: c_int, operations: *mut sembuf, n: size_t) -> c_int => "until the operations can be done";
        detaches semtimedop(set: c_int, operations: *mut sembuf, n: size_t, timeout: *const timespec) -> c_int
                 => "until the operations can be done or the time is up";
    }

    // What the kernel keeps for each of its threads.
    Tid tid Thread "thread ids" {
        tracks   gettid() -> pid_t => "the coroutine's own, unique and stable", SYS_gettid;
        tracks   prctl(option: c_int, a2: usize, a3: usize, a4: usize, a5: usize) -> c_int
                 => "variadic; PR_SET_NAME and PR_GET_NAME are the coroutine's name", SYS_prctl;
        tracks   sched_setaffinity(tid: pid_t, n: size_t, cpus: *const cpu_set_t) -> c_int => OF_OS_THREAD, SYS_sched_setaffinity;
        tracks   sched_getaffinity(tid: pid_t, n: size_t, cpus: *mut cpu_set_t) -> c_int => BY_OWN_ID;
        tracks   sched_setscheduler = __sched_setscheduler (tid: pid_t, policy: c_int, param: *const sched_param) -> c_int => OF_OS_THREAD, SYS_sched_setscheduler;
        tracks   sched_getscheduler = __sched_getscheduler (tid: pid_t) -> c_int => BY_OWN_ID, SYS_sched_getscheduler;
        tracks   sched_setparam(tid: pid_t, param: *const sched_param) -> c_int => OF_OS_THREAD, SYS_sched_setparam;
        tracks   sched_getparam = __sched_getparam (tid: pid_t, param: *mut sched_param) -> c_int => BY_OWN_ID, SYS_sched_getparam;
        tracks   sched_rr_get_interval(tid: pid_t, interval: *mut timespec) -> c_int => BY_OWN_ID, SYS_sched_rr_get_interval;
        tracks   sched_setattr(tid: pid_t, attr: *const c_void, flags: c_uint) -> c_int => OF_OS_THREAD, SYS_sched_setattr;
        tracks   sched_getattr(tid: pid_t, attr: *mut c_void, size: c_uint, flags: c_uint) -> c_int => BY_OWN_ID, SYS_sched_getattr;
        tracks   setpriority(which: __priority_which_t, id: id_t, priority: c_int) -> c_int => OF_OS_THREAD, SYS_setpriority;
        tracks   getpriority(which: __priority_which_t, id: id_t) -> c_int => BY_OWN_ID;
        tracks   nice(step: c_int) -> c_int => OF_OS_THREAD;
        tracks   clock_gettime(clock: clockid_t, time: *mut timespec) -> c_int => "the clock of a coroutine's CPU time is its own", SYS_clock_gettime;
        tracks   clock_getres(clock: clockid_t, resolution: *mut timespec) -> c_int => "knows the clocks of coroutines", SYS_clock_getres;
        tracks   clock_getcpuclockid(pid: pid_t, clock: *mut clockid_t) -> c_int => "the kernel does not know a coroutine's id";
        tracks   getrusage(who: c_int, usage: *mut rusage) -> c_int => "RUSAGE_THREAD has the coroutine's own CPU time", SYS_getrusage;
        tracks   timer_create(clock: clockid_t, event: *mut sigevent, timer: *mut timer_t) -> c_int
                 => "a coroutine that SIGEV_THREAD_ID names keeps its OS thread; so does one by a clock of CPU time";
        tracks   setns(fd: c_int, kind: c_int) -> c_int => OF_OS_THREAD, SYS_setns;
        tracks   unshare(flags: c_int) -> c_int => OF_OS_THREAD, SYS_unshare;
        tracks   setfsuid(uid: uid_t) -> c_int => OF_OS_THREAD, SYS_setfsuid;
        tracks   setfsgid(gid: gid_t) -> c_int => OF_OS_THREAD, SYS_setfsgid;
        tracks   getpgid = __getpgid (pid: pid_t) -> pid_t => BY_OWN_ID, SYS_getpgid;
        tracks   getsid(pid: pid_t) -> pid_t => BY_OWN_ID, SYS_getsid;
        tracks   prlimit = prlimit64 (pid: pid_t, resource: __rlimit_resource_t, new: *const rlimit, old: *mut rlimit) -> c_int
                 => BY_OWN_ID, SYS_prlimit64;
        tracks   process_vm_readv(pid: pid_t, own: *const iovec, n: c_ulong, other: *const iovec, m: c_ulong, flags: c_ulong) -> ssize_t
                 => BY_OWN_ID, SYS_process_vm_readv;
        tracks   process_vm_writev(pid: pid_t, own: *const iovec, n: c_ulong, other: *const iovec, m: c_ulong, flags: c_ulong) -> ssize_t
                 => BY_OWN_ID, SYS_process_vm_writev;
        tracks   capget(header: *mut c_void, data: *mut c_void) -> c_int => BY_OWN_ID, SYS_capget;
        tracks   capset(header: *mut c_void, data: *const c_void) -> c_int => OF_OS_THREAD, SYS_capset;
        tracks   arch_prctl = __arch_prctl (code: c_int, address: usize) -> c_int => "a coroutine that sets its GS keeps its OS thread", SYS_arch_prctl;
        tracks   pkey_alloc(flags: c_uint, rights: c_uint) -> c_int => "the rights to a key are the coroutine's own", SYS_pkey_alloc;
        tracks   ptrace(request: c_uint, pid: pid_t, address: usize, data: usize) -> c_long => "variadic; a tracer keeps its OS thread";
        tracks   pidfd_open(pid: pid_t, flags: c_uint) -> c_int
                 => "of a coroutine (PIDFD_THREAD): it keeps its OS thread, which ends with it", SYS_pidfd_open;
        tracks   ioperm(first: c_ulong, n: c_ulong, on: c_int) -> c_int => OF_OS_THREAD, SYS_ioperm;
        tracks   iopl(level: c_int) -> c_int => OF_OS_THREAD, SYS_iopl;
        tracks   personality(persona: c_ulong) -> c_int => OF_OS_THREAD, SYS_personality;
    }

    } };
}
pub(crate) use symbols;
