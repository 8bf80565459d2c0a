//! The process's children: who waits for one of them parks, and an OS thread tells when it has ended.
//!
//! A pidfd is readable once its process can be waited for. Ours may neither take the number that the program's next
//! open(2) would get, nor count against RLIMIT_NOFILE, nor live on in a forked child. So the watcher, an OS thread that
//! the first such wait starts, keeps them in a table of descriptors of its own, which only its bell is copied to.
//!
//! A waiter reads the word of its child, asks wait4(2) without waiting, has the child watched, and parks on the word,
//! if it is still the same. The watcher moves the word on when the child has ended, or can't be watched. Children
//! share words: who was woken in vain asks again. [`any`] is the same for those who wait for any child.

pub mod any;

use crate::arch;
use crate::local;
use crate::sched::{self, Runtime};
use crate::section::section;
use crate::sync::{AcqRel, AtomicI32, AtomicU32, Lock, Relaxed};
use crate::sys::clock::Deadline;
use crate::sys::descriptor::{Hidden, Only};
use crate::sys::epoll::{self, Epoll, Event};
use crate::sys::futex;
use crate::wait;
use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::ptr::null_mut;
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

const WORDS: usize = 1024;
static ENDED: [AtomicU32; WORDS] = [const { AtomicU32::new(0) }; WORDS];
/// Children to be watched; 0: a free place. As many as words, so that a burst of waits finds room before the watcher runs.
static ASKED: [AtomicI32; WORDS] = [const { AtomicI32::new(0) }; WORDS];

/// The eventfd that the watcher listens to.
static BELL: Only = Only::none();
static STATE: Lock<State> = Lock::new(State::Unborn);

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unborn,
    Watching,
    /// No watcher can be had: who waits does so natively.
    Unable,
}

/// The word that changes when `pid` has ended.
pub fn word(pid: i32) -> &'static AtomicU32 {
    &ENDED[pid as usize % WORDS]
}

/// Returns when the calling OS thread has no children. Were it to end before, the kernel would send them their parent-death
/// signal (prctl(2)), though the coroutine that forked them may live.
pub(crate) fn outlive() {
    const SYS_WAITID: usize = 247;
    const P_ALL: usize = 0;
    /// WEXITED, WNOWAIT; of this thread alone, and of every kind (__WNOTHREAD, __WALL).
    const ASKS: usize = 4 | 0x0100_0000 | 0x2000_0000 | 0x4000_0000;
    const EINTR: isize = -4;
    const A_WHILE: u64 = 1_000_000_000;
    let nobody_moves = AtomicU32::new(0);
    loop {
        // SAFETY: the call takes nothing, and writes nothing.
        match unsafe { arch::syscall(SYS_WAITID, [P_ALL, 0, 0, ASKS, 0, 0]) } {
            // One has ended, and is the program's to take.
            0 => drop(futex::wait(&nobody_moves, 0, Some(Deadline::after(A_WHILE)))),
            EINTR => {}
            _ => return,
        }
    }
}

/// Has `pid` watched; false where that can't be.
pub fn watch(pid: i32) -> bool {
    let Some(runtime) = sched::get() else { return false };
    // A handler that waits for a child as well must not find the lock held by the thread that it has interrupted.
    let watching = section(|| {
        let mut state = STATE.lock();
        if *state == State::Unborn {
            *state = start(runtime);
        }
        *state == State::Watching
    });
    let free = |place: &AtomicI32| place.compare_exchange(0, pid, AcqRel, Relaxed).is_ok();
    watching && (free(&ASKED[pid as usize % WORDS]) || ASKED.iter().any(free)) && ring()
}

/// How many OS threads watch.
pub(crate) fn os_threads() -> u64 {
    section(|| u64::from(*STATE.lock() == State::Watching) + u64::from(any::is_watching()))
}

/// In the child of a fork, which has neither the watcher nor any of its children.
pub(crate) fn forget() {
    // SAFETY: whoever held it is not in this process.
    unsafe { STATE.forget_holder() };
    *STATE.lock() = State::Unborn;
    BELL.forget();
    ASKED.iter().for_each(|place| place.store(0, Relaxed));
    any::forget();
}

fn ring() -> bool {
    const SYS_WRITE: usize = 1;
    let one = 1u64;
    let Some(bell) = BELL.number() else { return false };
    let args = [bell as usize, &raw const one as usize, size_of::<u64>(), 0, 0, 0];
    // SAFETY: the call reads the eight bytes of `one`.
    unsafe { arch::syscall(SYS_WRITE, args) > 0 }
}

#[cold]
fn start(runtime: &Runtime) -> State {
    let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok().and_then(Hidden::new);
    let Some(bell) = bell else { return State::Unable };
    BELL.set(bell);
    match (runtime.host.spawn)(main, null_mut()) {
        0 => State::Watching,
        _ => State::Unable,
    }
}

/// Those that are watched: the process by the number of its pidfd.
const MOST: usize = 8192;
struct Watched([i32; MOST]);

extern "C" fn main(_: *mut c_void) -> *mut c_void {
    // In the table of descriptors that is the watcher's alone it keeps this number.
    let own = BELL.number().filter(|&bell| own_table(bell)).and_then(|bell| Some((bell, epoll::create().ok()?)));
    let listens = |(bell, epoll): &(RawFd, OwnedFd)| Epoll::at(epoll.as_raw_fd()).add(*bell, 0).is_ok();
    let Some((_, epoll)) = own.filter(listens) else {
        *STATE.lock() = State::Unable;
        ENDED.iter().for_each(tell);
        return null_mut();
    };
    let epoll = Epoll::at(epoll.as_raw_fd());
    let mut watched = Watched([0; MOST]);
    let mut events = [const { MaybeUninit::<Event>::uninit() }; 64];
    loop {
        for event in epoll.wait(&mut events, None) {
            match event.data as RawFd {
                0 => ASKED.iter().for_each(|place| watched.add(epoll, place.swap(0, AcqRel))),
                pidfd => watched.end(pidfd),
            }
        }
    }
}

/// Gives the calling OS thread a table of descriptors that has `bell` only.
fn own_table(bell: RawFd) -> bool {
    const SYS_CLOSE_RANGE: usize = 436;
    const UNSHARE: usize = 2;
    const LAST: usize = u32::MAX as usize;
    let bell = bell as usize;
    // Nor are the workers' eventfds in it, by which those who park are woken.
    local::set_own_files();
    // SAFETY: the first call makes the table, and the two close its copies of the program's descriptors.
    unsafe {
        arch::syscall(SYS_CLOSE_RANGE, [0, bell - 1, UNSHARE, 0, 0, 0]) == 0
            && arch::syscall(SYS_CLOSE_RANGE, [bell + 1, LAST, 0, 0, 0, 0]) == 0
    }
}

impl Watched {
    fn add(&mut self, epoll: Epoll, pid: i32) {
        if pid == 0 || self.0.contains(&pid) {
            return;
        }
        let pidfd = Pid::from_raw(pid).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        match pidfd.map(IntoRawFd::into_raw_fd) {
            None => tell(word(pid)),
            Some(fd) if fd as usize >= MOST || epoll.add(fd, fd as u64).is_err() => {
                close(fd);
                tell(word(pid));
            }
            Some(fd) => self.0[fd as usize] = pid,
        }
    }

    fn end(&mut self, pidfd: RawFd) {
        let pid = core::mem::take(&mut self.0[pidfd as usize]);
        close(pidfd);
        tell(word(pid));
    }
}

fn close(fd: RawFd) {
    // SAFETY: of the watcher's own table, and of no use any more.
    unsafe { rustix::io::close(fd) };
}

/// Has those who wait on `word` look.
fn tell(word: &AtomicU32) {
    word.fetch_add(1, AcqRel);
    wait::unpark(word.as_ptr().addr(), usize::MAX, u32::MAX);
}
