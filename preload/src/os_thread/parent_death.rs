//! The parent-death signal (prctl(2), PR_SET_PDEATHSIG) of children that coroutines have forked.
//!
//! The kernel sends it when the thread that forked ends, which to the kernel is an OS thread. That one ends after its
//! children (`runtime/src/children.rs`), or with the process, and then the kernel's signal is right. At the end of the
//! coroutine it is ours to send: so a child that asks for it says so in memory that it shares with its parent. It keeps its
//! request over exec, as the kernel does; what an executed program asks for itself is not seen.

use crate::table::real;
use crate::wait::guard;
use libc::*;
use std::ptr::null_mut;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64};

/// A child, whose it is and the signal that it asks for, in one word; 0: free.
struct Request(AtomicU64);

const PLACES: usize = 1024;
type Requests = [Request; PLACES];

/// Of this process's children.
static OURS: AtomicPtr<Requests> = AtomicPtr::new(null_mut());
/// Of the parent's, and the coroutine that has forked this process; 0: no coroutine has.
static PARENTS: AtomicPtr<Requests> = AtomicPtr::new(null_mut());
static FORKED_BY: AtomicU32 = AtomicU32::new(0);

const ID_SHIFT: u32 = 6;
/// A thread id is below 2^30.
const PID_SHIFT: u32 = ID_SHIFT + 30;

const fn pack(pid: pid_t, id: u32, signum: c_int) -> u64 {
    (pid as u64) << PID_SHIFT | (id as u64) << ID_SHIFT | signum as u64
}

const fn pid_of(word: u64) -> pid_t {
    (word >> PID_SHIFT) as pid_t
}

const fn id_of(word: u64) -> u32 {
    (word >> ID_SHIFT) as u32 & ((1 << 30) - 1)
}

const fn signal_of(word: u64) -> c_int {
    (word & 63) as c_int
}

/// The caller is about to fork.
pub fn before_fork() {
    if guard::self_task().is_none() || !OURS.load(Relaxed).is_null() {
        return;
    }
    let (access, kind) = (PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
    // SAFETY: a new mapping, of zeroes: every place is free. Without it children die too late.
    unsafe {
        let made = mmap(null_mut(), size_of::<Requests>(), access, kind, -1, 0);
        if made != MAP_FAILED && OURS.compare_exchange(null_mut(), made.cast(), SeqCst, Relaxed).is_err() {
            munmap(made, size_of::<Requests>());
        }
    }
}

/// In the child, forked by the coroutine of this id, or by a native thread (0).
pub fn in_child(id: u32) {
    PARENTS.store(OURS.swap(null_mut(), Relaxed), Relaxed);
    FORKED_BY.store(id, Relaxed);
}

/// Main asks for the signal; 0: for none.
pub fn ask(signum: c_int) {
    let (id, me) = (FORKED_BY.load(Relaxed), std::process::id() as pid_t);
    // SAFETY: null, or a mapping that is never undone.
    let Some(requests) = (unsafe { PARENTS.load(Relaxed).as_ref() }).filter(|_| id != 0) else { return };
    let wanted = if signum == 0 { 0 } else { pack(me, id, signum) };
    let own = requests.iter().find(|place| pid_of(place.0.load(SeqCst)) == me);
    match own {
        Some(place) => place.0.store(wanted, SeqCst),
        None => drop(requests.iter().find(|place| place.take(wanted))),
    }
}

impl Request {
    /// Takes the place, if it is free or its child is gone.
    fn take(&self, wanted: u64) -> bool {
        let seen = self.0.load(SeqCst);
        // SAFETY: signal 0 only asks.
        let free = seen == 0 || unsafe { real::kill(pid_of(seen), 0) } != 0;
        free && self.0.compare_exchange(seen, wanted, SeqCst, Relaxed).is_ok()
    }

    /// Sends what was asked for, if the child is still the process's.
    fn fulfil(&self, word: u64) {
        let asks = WEXITED | WNOHANG | WNOWAIT;
        // SAFETY: the call takes nothing and writes nothing; the other one has no precondition.
        unsafe {
            if self.0.compare_exchange(word, 0, SeqCst, Relaxed).is_ok()
                && real::waitid(P_PID, pid_of(word) as id_t, null_mut(), asks) == 0
            {
                real::kill(pid_of(word), signal_of(word));
            }
        }
    }
}

/// The coroutine has ended. On a carrier.
pub fn send_for(id: u32) {
    // SAFETY: as in `ask`.
    let Some(requests) = (unsafe { OURS.load(Relaxed).as_ref() }) else { return };
    for place in requests {
        let word = place.0.load(SeqCst);
        if word != 0 && id_of(word) == id {
            place.fulfil(word);
        }
    }
}
