//! What we know of a descriptor, beside its readiness: the `facts` word of its slot.
//!
//! ```text
//!  31                       11   10     9      8      7      6      5      4   3      0
//! +---------------------------+------+------+------+------+------+------+----+--------+
//! | fork count at birth (0: ?)| snd0 | rcv0 | lent | mark | snd? | rcv? | nb |  kind  |
//! +---------------------------+------+------+------+------+------+------+----+--------+
//! ```
//!
//! The flags of an open file belong to everybody who has it: processes, duplicates. So what is cached here is believed
//! only for a descriptor that we saw being made, that was not duplicated or passed on, and that no fork has copied:
//! *trusted*. For any other one the kernel is asked, which happens only where a call is about to wait.

use super::fd_table;
use super::lending;
use crate::sys::errno;
use crate::sys::kernel;
use crate::sys::link;
use crate::table::real;
use iopatch_runtime::reactor::{self, Interest, Life, Slot};
use iopatch_runtime::signals;
use libc::{c_int, timeval};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

const KIND: u32 = 0xf;
const NONBLOCK: u32 = 1 << 4;
/// SO_RCVTIMEO, SO_SNDTIMEO may be set: ask.
const RCV_TIMED: u32 = 1 << 5;
const SND_TIMED: u32 = 1 << 6;
/// SO_RCVLOWAT was set.
const MARKED: u32 = 1 << 7;
/// A connect has made it non-blocking, and will make it blocking again.
const LENT: u32 = 1 << 8;
/// SO_RCVTIMEO, SO_SNDTIMEO was set to a negative time, which is none at all; the kernel tells it as that of a socket that
/// waits for ever.
const RCV_NEVER: u32 = 1 << 9;
const SND_NEVER: u32 = 1 << 10;
const BIRTH_SHIFT: u32 = 11;

/// How often this process has forked, plus one.
static FORKS: AtomicU32 = AtomicU32::new(1);

/// What kind of file a descriptor is, as far as waiting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// A TCP socket: after a short read it is empty.
    Tcp = 1,
    /// Any other socket.
    Socket = 2,
    /// Pipes, terminals, eventfds and the like: can be waited for, and refuse MSG_DONTWAIT.
    Stream = 3,
    /// Regular files, directories, block devices, devices of memory: never wait, for the kernel does not say when they would
    /// not. Nobody watches them either: a poll of one that has events (in /proc, /sys, of a pressure) takes them, whoever it
    /// is, and so does one of a ring of perf's.
    File = 4,
}

fn facts(fd: c_int) -> u32 {
    reactor::known(fd).map_or(0, |slot| slot.facts.load(Relaxed))
}

fn birth() -> u32 {
    FORKS.load(Relaxed) << BIRTH_SHIFT
}

/// Whether nobody but this number of this process has the open file.
#[inline]
pub fn is_trusted(fd: c_int) -> bool {
    are_trusted(facts(fd))
}

#[inline]
fn are_trusted(facts: u32) -> bool {
    let born = facts >> BIRTH_SHIFT;
    born != 0 && born == FORKS.load(Relaxed) & (u32::MAX >> BIRTH_SHIFT)
}

/// Whether the open file is non-blocking, by the program's will: the program's calls never wait then.
#[inline]
pub fn is_nonblocking(fd: c_int) -> bool {
    if is_trusted(fd) {
        return facts(fd) & NONBLOCK != 0;
    }
    // SAFETY: the kernel checks the number.
    let flags = unsafe { real::fcntl(fd, libc::F_GETFL, 0) };
    flags != -1 && flags & libc::O_NONBLOCK != 0
}

/// The socket's own time-out for `side`, in nanoseconds (socket(7): SO_RCVTIMEO, SO_SNDTIMEO).
pub fn timeout(fd: c_int, side: Interest) -> Option<u64> {
    let (flag, never, option) = if side == Interest::WRITE {
        (SND_TIMED, SND_NEVER, libc::SO_SNDTIMEO)
    } else {
        (RCV_TIMED, RCV_NEVER, libc::SO_RCVTIMEO)
    };
    if is_trusted(fd) && facts(fd) & flag == 0 {
        return None;
    }
    let mut time = timeval { tv_sec: 0, tv_usec: 0 };
    ask(fd, libc::SOL_SOCKET, option, &mut time).then_some(())?;
    let ns = time.tv_sec as u64 * 1_000_000_000 + time.tv_usec as u64 * 1000;
    if ns > 0 {
        return Some(ns);
    }
    if facts(fd) & never != 0 {
        return Some(0);
    }
    remove(fd, flag);
    None
}

/// getsockopt(2) of a plain value; errno stays.
fn ask<T>(fd: c_int, level: c_int, option: c_int, value: &mut T) -> bool {
    let mut len = size_of::<T>() as libc::socklen_t;
    let errno = errno::get();
    // SAFETY: the call writes at most `len` bytes of `value`.
    let told = unsafe { real::getsockopt(fd, level, option, std::ptr::from_mut(value).cast(), &mut len) == 0 };
    errno::set(errno);
    told
}

/// The kind of `fd`; `None`: it is not open. Remembered: a mistake (the number was closed and made again by calls that
/// no hook sees) costs a wait in the kernel, under handoff, or an error that makes the caller ask again.
#[inline]
pub fn kind(fd: c_int) -> Option<Kind> {
    match facts(fd) & KIND {
        1 => Some(Kind::Tcp),
        2 => Some(Kind::Socket),
        3 => Some(Kind::Stream),
        4 => Some(Kind::File),
        _ => find_kind(fd),
    }
}

/// Asks the kernel for the kind of `fd`.
#[cold]
pub fn find_kind(fd: c_int) -> Option<Kind> {
    let errno = errno::get();
    let slot = reactor::slot(fd).map(|slot| (slot, slot.life()));
    let kind = ask_kind(fd);
    errno::set(errno);
    if let (Some(kind), Some((slot, life))) = (kind, slot) {
        slot.note(life, |facts| facts & !KIND | kind as u32);
        if kind == Kind::File {
            slot.stop_watching(fd, life);
        }
    }
    kind
}

/// Whether a poll of `fd` may take away what it tells. errno stays.
pub fn is_taken_by_poll(fd: c_int) -> bool {
    const PLAIN: [libc::mode_t; 3] = [libc::S_IFSOCK, libc::S_IFIFO, libc::S_IFCHR];
    let errno = errno::get();
    // Of most the type alone tells.
    let plain = facts(fd) & KIND == 0 && ask_type(fd).is_none_or(|(kind, _)| PLAIN.contains(&kind));
    errno::set(errno);
    !plain && kind(fd) == Some(Kind::File) || reactor::known(fd).is_some_and(Slot::is_for_nobody)
}

/// Nobody is to watch the open file of `fd` any more.
pub fn stop_watching(fd: c_int) {
    if let Some(slot) = reactor::slot(fd) {
        slot.stop_watching(fd, slot.life());
    }
}

/// Makes `call`, which is to succeed only if nobody watches `fd`: if it does, nobody will from here on.
pub fn unwatched(fd: c_int, call: impl FnOnce() -> c_int) -> c_int {
    let Some(slot) = reactor::slot(fd).filter(|slot| !slot.is_for_nobody()) else { return call() };
    let life = slot.life();
    slot.stop_watching(fd, life);
    let done = call();
    if done == -1 {
        slot.may_watch(life);
    }
    done
}

/// Whether somebody watches the open file of `fd`.
pub fn is_watched(fd: c_int) -> bool {
    reactor::known(fd).is_some_and(Slot::is_watched)
}

fn ask_kind(fd: c_int) -> Option<Kind> {
    let (kind, device) = ask_type(fd)?;
    Some(match kind {
        libc::S_IFSOCK if is_tcp(fd) => Kind::Tcp,
        libc::S_IFSOCK => Kind::Socket,
        libc::S_IFREG | libc::S_IFDIR | libc::S_IFBLK => Kind::File,
        libc::S_IFCHR if MEMORY.contains(&device) => Kind::File,
        NAMELESS if link::read(fd, &mut [0; 32]) == b"anon_inode:[perf_event]" => Kind::File,
        _ => Kind::Stream,
    })
}

/// The type of an inode that has no name: of an eventfd, an epoll set and so on.
const NAMELESS: libc::mode_t = 0;

/// /dev/null, /dev/zero and /dev/full. Asked not to wait, the kernel may give less of these than was asked for.
const MEMORY: [libc::dev_t; 3] = [libc::makedev(1, 3), libc::makedev(1, 5), libc::makedev(1, 7)];

/// Whether `fd` is of an inode without a name: such have events, or a number.
pub fn is_nameless(fd: c_int) -> bool {
    ask_type(fd).is_some_and(|(kind, _)| kind == NAMELESS)
}

/// The type of the inode, as in its mode, and the device that it stands for.
fn ask_type(fd: c_int) -> Option<(libc::mode_t, libc::dev_t)> {
    stat(fd).map(|stat| (stat.st_mode & libc::S_IFMT, stat.st_rdev))
}

fn stat(fd: c_int) -> Option<libc::stat> {
    // SAFETY: all-zero is a value of this plain structure, which the call fills in.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the call writes one structure; the kernel checks the number.
    (unsafe { libc::fstat(fd, &mut stat) } == 0).then_some(stat)
}

fn is_tcp(fd: c_int) -> bool {
    let (mut protocol, mut domain) = (0 as c_int, 0 as c_int);
    ask(fd, libc::SOL_SOCKET, libc::SO_PROTOCOL, &mut protocol)
        && protocol == libc::IPPROTO_TCP
        && ask(fd, libc::SOL_SOCKET, libc::SO_DOMAIN, &mut domain)
        && matches!(domain, libc::AF_INET | libc::AF_INET6)
}

/// Whether `fd` is a blocking TCP stream that only this number has, and whose every edge comes to us: then no edge
/// since it was drained means that there is nothing to read.
#[inline]
pub fn is_drained_stream(fd: c_int) -> bool {
    const WANTED: u32 = Kind::Tcp as u32;
    facts(fd) & (KIND | NONBLOCK) == WANTED && is_trusted(fd) && reactor::known(fd).is_some_and(Slot::is_watched)
}

/// A descriptor has just been made: nothing that was known of the number is true any more. Returns it.
pub fn born(fd: c_int, nonblocking: bool) -> c_int {
    fd_table::note(fd);
    if let Some(slot) = reactor::slot(fd) {
        slot.begin(birth() | if nonblocking { NONBLOCK } else { 0 });
    }
    fd
}

/// As [`born`], for a connection that `listener` has accepted, which inherits its time-outs and its mark.
pub fn accepted(listener: c_int, fd: c_int, nonblocking: bool) -> c_int {
    born(fd, nonblocking);
    let timed = if is_trusted(listener) { 0 } else { RCV_TIMED | SND_TIMED };
    add(fd, (timed | facts(listener)) & (RCV_TIMED | SND_TIMED | RCV_NEVER | SND_NEVER | MARKED));
    fd
}

/// `copy` has the open file of `fd`.
pub fn duplicated(fd: c_int, copy: c_int) {
    shared(fd);
    born_shared(copy);
    if reactor::known(fd).is_some_and(Slot::is_for_nobody) {
        stop_watching(copy);
    }
}

/// As [`born`], for a descriptor whose open file has other numbers, or is other processes', too.
pub fn born_shared(fd: c_int) {
    fd_table::note(fd);
    if let Some(slot) = reactor::slot(fd) {
        slot.begin(0);
    }
}

/// `fd` is about to be closed, or replaced by dup2; to be told to [`gone`] afterwards.
pub fn dies(fd: c_int) -> Life {
    reactor::slot(fd).map_or(Life::NONE, |slot| slot.begin_end(fd, !is_trusted(fd)))
}

/// The kernel has closed `fd`, or refused to: whoever has the number next, `life` is over.
pub fn gone(fd: c_int, life: Life) {
    if let Some(slot) = reactor::known(fd) {
        slot.end(life);
    }
}

/// The open file of `fd` gets another number, or goes to another process.
pub fn shared(fd: c_int) {
    let Some(slot) = reactor::known(fd) else { return };
    let mut lent = false;
    // Under the lock, as whoever lends it asks whether it is trusted.
    slot.note(slot.life(), |facts| {
        lent = facts & LENT != 0;
        facts & ((1 << BIRTH_SHIFT) - 1)
    });
    if lent {
        lending::begin_sharing();
        lending::end_sharing();
    }
}

/// Every open file of this process is about to be another process's, too.
pub fn begin_sharing() {
    lending::begin_sharing();
    FORKS.fetch_add(1, Relaxed);
}

/// They are, and so are those that were made meanwhile.
pub fn end_sharing() {
    FORKS.fetch_add(1, Relaxed);
    lending::end_sharing();
}

/// Makes `call`, by which every open file of this process becomes another process's, too.
pub fn sharing<R>(call: impl FnOnce() -> R) -> R {
    begin_sharing();
    let result = call();
    end_sharing();
    result
}

/// The program has set a time-out, or something else that makes a short read of a stream say nothing.
///
/// # Safety
/// The kernel has accepted the option, so it has read `value`.
pub unsafe fn option_set(fd: c_int, level: c_int, option: c_int, value: *const libc::c_void) {
    // SAFETY: the value of such an option is a time.
    let set_time = |timed, never| unsafe { note_time(fd, timed, never, value.cast()) };
    match (level, option) {
        (libc::SOL_SOCKET, libc::SO_RCVTIMEO | SO_RCVTIMEO_NEW) => set_time(RCV_TIMED, RCV_NEVER),
        (libc::SOL_SOCKET, libc::SO_SNDTIMEO | SO_SNDTIMEO_NEW) => set_time(SND_TIMED, SND_NEVER),
        (libc::SOL_SOCKET, libc::SO_RCVLOWAT) => {
            set_kind(fd, Kind::Socket);
            add(fd, MARKED);
        }
        (libc::IPPROTO_TCP, libc::TCP_ULP) => set_kind(fd, Kind::Socket),
        _ => {}
    }
}

/// A socket's time-out has been set.
///
/// # Safety
/// `time` can be read.
unsafe fn note_time(fd: c_int, timed: u32, never: u32, time: *const timeval) {
    remove(fd, never);
    // SAFETY: the caller's promise.
    let negative = unsafe { time.read_unaligned() }.tv_sec < 0;
    add(fd, if negative { timed | never } else { timed });
}

const SO_RCVTIMEO_NEW: c_int = 66;
const SO_SNDTIMEO_NEW: c_int = 67;

fn set_kind(fd: c_int, kind: Kind) {
    if let Some(slot) = reactor::slot(fd) {
        let _ = slot.facts.fetch_update(Relaxed, Relaxed, |facts| Some(facts & !KIND | kind as u32));
    }
}

fn remove(fd: c_int, bits: u32) {
    if let Some(slot) = reactor::known(fd) {
        slot.facts.fetch_and(!bits, Relaxed);
    }
}

fn add(fd: c_int, bits: u32) {
    if let Some(slot) = reactor::slot(fd) {
        slot.facts.fetch_or(bits, Relaxed);
    }
}

/// As [`born`], for the two ends of a pair.
///
/// # Safety
/// `pair` was filled in by pipe2(2) or socketpair(2).
pub unsafe fn pair_born(pair: *const c_int, nonblocking: bool) {
    // SAFETY: the caller's promise.
    unsafe {
        born(*pair, nonblocking);
        born(*pair.add(1), nonblocking);
    }
}

/// As [`dies`], for all numbers of a range.
pub fn range_dies(first: u32, last: u32) {
    let used = |slot: &Slot| slot.is_watched() || slot.facts.load(Relaxed) != 0;
    reactor::known_in(first, last).filter(|(_, slot)| used(slot)).for_each(|(fd, _)| _ = dies(fd));
}

/// As [`gone`], for all numbers of a range.
pub fn range_gone(first: u32, last: u32) {
    reactor::known_in(first, last).filter(|(_, slot)| slot.is_ending()).for_each(|(fd, slot)| gone(fd, slot.life()));
}

/// Whether `fd` is not open, and no number near it ever was: who closes all numbers there are meets a million such.
pub fn is_untouched(fd: c_int) -> bool {
    reactor::is_untouched(fd) && !kernel::is_open(fd)
}

/// The pipe or FIFO that `fd` is an end of, by its device and inode; `None`: it is of none. errno stays.
pub fn pipe_of(fd: c_int) -> Option<(u64, u64)> {
    let errno = errno::get();
    let pipe = stat(fd).filter(|stat| stat.st_mode & libc::S_IFMT == libc::S_IFIFO);
    errno::set(errno);
    pipe.map(|stat| (stat.st_dev, stat.st_ino))
}

/// Whether `fd` is open, and not only in the way that `other` says (O_RDONLY or O_WRONLY).
pub fn is_usable(fd: c_int, other: c_int) -> bool {
    // SAFETY: the kernel checks the number.
    let flags = unsafe { real::fcntl(fd, libc::F_GETFL, 0) };
    flags != -1 && flags & libc::O_PATH == 0 && flags & libc::O_ACCMODE != other
}

/// Whether a call of `side` would not wait, or would fail.
pub fn is_ready(fd: c_int, side: Interest) -> bool {
    let events = if side == Interest::WRITE { libc::POLLOUT } else { libc::POLLIN };
    let mut look = libc::pollfd { fd, events, revents: 0 };
    kernel::look(&mut look) != 0
}

/// Whether a socket has an error pending, which the next call would take.
pub fn has_error(fd: c_int) -> bool {
    let mut look = libc::pollfd { fd, events: 0, revents: 0 };
    kernel::look(&mut look) == 1 && look.revents & libc::POLLERR != 0
}

/// Whether accept(2) has a socket to wait on, and a number to give: else it fails at once.
pub fn can_accept(fd: c_int) -> bool {
    let mut listens: c_int = 0;
    ask(fd, libc::SOL_SOCKET, libc::SO_ACCEPTCONN, &mut listens) && listens == 1 && is_number_left(fd)
}

/// Whether the process may have one more descriptor. The highest number is free unless all of them are, or the program
/// chose it: only then is a duplicate made to find out, which other threads could see.
fn is_number_left(fd: c_int) -> bool {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the call writes one structure.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) } == 0 && !kernel::is_open(limit.rlim_cur as c_int - 1)
    {
        return true;
    }
    // SAFETY: the duplicate is this call's alone.
    unsafe {
        let copy = real::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0);
        copy != -1 && real::close(copy) == 0
    }
}

/// Whether SO_RCVLOWAT was set.
#[inline]
pub fn is_marked(fd: c_int) -> bool {
    facts(fd) & MARKED != 0
}

/// As many bytes as a receive waits for: SO_RCVLOWAT.
pub fn mark(fd: c_int) -> usize {
    let mut mark: c_int = 1;
    ask(fd, libc::SOL_SOCKET, libc::SO_RCVLOWAT, &mut mark);
    mark as usize
}

/// Whether urgent data is what a socket would give next. errno stays.
pub fn is_at_urgent(fd: c_int) -> bool {
    const SIOCATMARK: libc::c_ulong = 0x8905;
    let mut at: c_int = 0;
    let errno = errno::get();
    // SAFETY: the call writes one int.
    let told = unsafe { real::ioctl(fd, SIOCATMARK, &raw mut at as usize) } == 0;
    errno::set(errno);
    told && at != 0
}

/// SOCK_STREAM and so on.
pub fn socket_type(fd: c_int) -> Option<c_int> {
    let mut kind: c_int = 0;
    ask(fd, libc::SOL_SOCKET, libc::SO_TYPE, &mut kind).then_some(kind)
}

/// The error that is pending on a socket, which nobody gets after this; 0: none.
pub fn take_error(fd: c_int) -> c_int {
    let mut error: c_int = 0;
    ask(fd, libc::SOL_SOCKET, libc::SO_ERROR, &mut error);
    error
}

/// Makes the open file, which is trusted, non-blocking for the length of `call`, which neither waits nor is a cancellation
/// point. Nobody sees it: the caller's handlers run afterwards, the program is told what it has set itself, and who shares
/// the file waits. `None`: it is being closed or shared, or somebody else's call is at it.
pub fn while_nonblocking(fd: c_int, call: impl FnOnce() -> c_int) -> Option<c_int> {
    let slot = reactor::slot(fd)?;
    let lent = || {
        let (life, mut mine) = (slot.life(), false);
        slot.note(life, |facts| {
            mine = facts & LENT == 0 && are_trusted(facts);
            if !mine {
                return facts;
            }
            kernel::set_nonblocking(fd, true);
            facts | LENT
        });
        if !mine {
            return None;
        }
        let result = call();
        let errno = errno::get();
        // The number is another file's if it was closed meanwhile.
        slot.note(life, |facts| {
            kernel::set_nonblocking(fd, own_nonblock(facts) != 0);
            facts & !LENT
        });
        errno::set(errno);
        Some(result)
    };
    signals::section(|| lending::lend(lent).flatten())
}

/// Has `act` make a call on the file that has the number, given what is known of that, for what is known afterwards. Again
/// if the number has become another file's meanwhile.
fn on_file(fd: c_int, mut act: impl FnMut(u32) -> u32) {
    let Some(slot) = reactor::slot(fd) else {
        act(0);
        return;
    };
    loop {
        let (life, ending, mut done) = (slot.life(), slot.is_ending(), false);
        slot.note(life, |facts| {
            done = true;
            act(facts)
        });
        if ending {
            act(0);
            done = slot.life() == life;
        }
        if done {
            return;
        }
    }
}

/// `call`, which asks for the flags of the open file: the program is told those that it has set.
pub fn own_flags(fd: c_int, call: impl Fn() -> c_int) -> c_int {
    let mut told = -1;
    on_file(fd, |facts| {
        told = call();
        if told != -1 && facts & LENT != 0 {
            told = told & !libc::O_NONBLOCK | own_nonblock(facts);
        }
        facts
    });
    told
}

const fn own_nonblock(facts: u32) -> c_int {
    if facts & NONBLOCK != 0 { libc::O_NONBLOCK } else { 0 }
}

/// The program makes `fd` blocking or non-blocking, by `call`.
pub fn make_nonblocking(fd: c_int, nonblocking: impl Fn() -> bool, call: impl Fn() -> c_int) -> c_int {
    let mut done = -1;
    on_file(fd, |facts| {
        done = call();
        if done == -1 {
            return facts;
        }
        if facts & LENT != 0 {
            kernel::set_nonblocking(fd, true);
        }
        if nonblocking() { facts | NONBLOCK } else { facts & !NONBLOCK }
    });
    done
}
