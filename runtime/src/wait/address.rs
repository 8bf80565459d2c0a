//! The parking lot. Who waits on an address is in the bucket that the address hashes to.
//!
//! `park` looks at the program's word under the bucket's lock, and `unpark` takes that lock: so a
//! waker that changes the word first and unparks then can't come between the look and the sleep.

use crate::sched::{self, Family};
use crate::section::section;
use crate::sync::Lock;
use crate::sys::clock::Deadline;
use crate::task::Wake;
use crate::waker::{List, Node, Waiter, Wakeups};
use core::mem::MaybeUninit;
use core::ptr::NonNull;

/// What the lot knows of a waiter.
struct Place {
    addr: usize,
    /// The classes of wakers that may wake it (FUTEX_WAIT_BITSET); all, mostly.
    mask: u32,
    /// It was by this address that the wait was ended. Known to its waiter once that has had the bucket's lock.
    woken: bool,
}

impl Place {
    const fn new(addr: usize, mask: u32) -> Self {
        Self { addr, mask, woken: false }
    }
}

#[repr(align(64))]
struct Bucket(Lock<List<Place>>);

#[cfg(not(loom))]
const BUCKETS: usize = 1024;
#[cfg(not(loom))]
static LOT: [Bucket; BUCKETS] = [const { Bucket(Lock::new(List::new())) }; BUCKETS];

#[cfg(loom)]
const BUCKETS: usize = 2;
#[cfg(loom)]
loom::lazy_static! {
    static ref LOT: [Bucket; BUCKETS] = core::array::from_fn(|_| Bucket(Lock::new(List::new())));
}

/// A bucket's index: the address times 2^64 / golden ratio, its high bits.
fn index(addr: usize) -> usize {
    (addr as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) as usize >> (64 - BUCKETS.ilog2())
}

/// In the child of a fork, where no other thread is left: nobody waits, and no lock is held.
pub(crate) fn forget() {
    for bucket in LOT.iter() {
        // SAFETY: the child has one thread, this one, which holds no bucket.
        unsafe { core::ptr::from_ref(&bucket.0).cast_mut().write(Lock::new(List::new())) };
    }
}

/// Whether no node is in any bucket, be it alive or left behind: for models.
#[cfg(all(loom, test))]
pub(crate) fn is_empty() -> bool {
    LOT.iter().all(|bucket| bucket.0.lock().is_empty())
}

/// Sleeps on `addr` until unparked, `deadline`, or an interruption; `None`: `validate`, which is
/// asked under the bucket's lock, said no.
pub fn park(
    family: Family,
    addr: usize,
    mask: u32,
    validate: impl FnOnce() -> bool,
    deadline: Option<Deadline>,
) -> Option<Wake> {
    section(|| {
        let mut bucket = LOT[index(addr)].0.lock();
        if !validate() {
            return None;
        }
        let waiter = Waiter::announce();
        let mut node = Node::new(waiter, Place::new(addr, mask));
        let node = NonNull::from(&mut node);
        // SAFETY: the node is removed below, before its frame ends.
        unsafe { bucket.push(node) };
        drop(bucket);

        let why = waiter.wait(family, deadline);
        if why != Wake::Unparked {
            remove(node);
        }
        Some(why)
    })
}

/// The most addresses that one wait may have (FUTEX_WAITV_MAX).
pub const MOST: usize = 128;

/// Sleeps on `count` addresses, each as [`park`] does on its own, until one of them is unparked: `Ok` of which. `None`:
/// `validate` said no to one, before any was unparked.
pub fn park_any(
    family: Family,
    count: usize,
    addr: impl Fn(usize) -> usize,
    validate: impl Fn(usize) -> bool,
    deadline: Option<Deadline>,
) -> Option<Result<usize, Wake>> {
    /// Nodes that every stack has room for.
    const FEW: usize = 8;
    if count <= FEW {
        park_nodes::<FEW>(family, count, addr, validate, deadline)
    } else {
        park_nodes::<MOST>(family, count, addr, validate, deadline)
    }
}

fn park_nodes<const ROOM: usize>(
    family: Family,
    count: usize,
    addr: impl Fn(usize) -> usize,
    validate: impl Fn(usize) -> bool,
    deadline: Option<Deadline>,
) -> Option<Result<usize, Wake>> {
    section(|| {
        let mut nodes = [const { MaybeUninit::uninit() }; ROOM];
        let waiter = Waiter::announce();
        let mut entered = 0;
        // One by one: an unpark of the first, meanwhile, ends the wait before it sleeps.
        while entered < count {
            let addr = addr(entered);
            let mut bucket = LOT[index(addr)].0.lock();
            if !validate(entered) {
                break;
            }
            let node = nodes[entered].write(Node::new(waiter, Place::new(addr, u32::MAX)));
            // SAFETY: the node is removed below, before its frame ends.
            unsafe { bucket.push(NonNull::from(node)) };
            entered += 1;
        }
        let why = if entered == count { Some(waiter.wait(family, deadline)) } else { waiter.retract() };
        let mut by = None;
        for (index, node) in nodes[..entered].iter_mut().enumerate() {
            let node: NonNull<Node<Place>> = NonNull::from(node).cast();
            remove(node);
            // SAFETY: out of its bucket, and so the caller's alone.
            if unsafe { node.as_ref() }.data.woken {
                by = Some(index);
            }
        }
        match (by, why) {
            (Some(index), _) => Some(Ok(index)),
            (None, Some(why)) if entered == count => Some(Err(why)),
            _ => None,
        }
    })
}

/// Takes out a node that nobody unparked; `requeue` may be moving it to another bucket meanwhile.
fn remove(node: NonNull<Node<Place>>) {
    loop {
        // SAFETY: the node is in the caller's frame; a mover writes the address under the lock of
        // the bucket that it leaves, which is why it is read again below.
        let addr = unsafe { read_addr(node) };
        let mut bucket = LOT[index(addr)].0.lock();
        // SAFETY: as above.
        if unsafe { read_addr(node) } == addr {
            // SAFETY: the node is in this bucket or, unparked after all, in none.
            return unsafe { bucket.remove(node) };
        }
    }
}

unsafe fn read_addr(node: NonNull<Node<Place>>) -> usize {
    // SAFETY: the caller's node is alive; volatile, since another thread may be writing it.
    unsafe { (&raw const (*node.as_ptr()).data.addr).read_volatile() }
}

/// Wakes up to `n` of those who wait on `addr` with a bit of `mask`, the longest waiting first;
/// returns how many.
pub fn unpark(addr: usize, n: usize, mask: u32) -> usize {
    section(|| {
        let mut wakeups = Wakeups::new();
        let woken = {
            let mut bucket = LOT[index(addr)].0.lock();
            wake_some(&mut bucket, addr, n, mask, &mut wakeups)
        };
        wakeups.deliver(sched::enqueue);
        woken
    })
}

fn wake_some(bucket: &mut List<Place>, addr: usize, n: usize, mask: u32, wakeups: &mut Wakeups) -> usize {
    let mut woken = 0;
    // SAFETY: the bucket is locked, and the present one alone is removed.
    for node in unsafe { bucket.iter() } {
        if woken == n {
            break;
        }
        // SAFETY: a node in the bucket is alive while the bucket is locked.
        let (waiter, place) = unsafe { (node.as_ref().waiter, &raw mut (*node.as_ptr()).data) };
        // SAFETY: as above.
        unsafe {
            if (*place).addr != addr || (*place).mask & mask == 0 {
                continue;
            }
            // Out of the list before it is woken: its frame may end at once.
            bucket.remove(node);
            (*place).woken = true;
            if waiter.wake(wakeups) {
                woken += 1;
            } else {
                // Its wait has just ended otherwise: its frame lasts until it has had the lock. The next is woken instead.
                (*place).woken = false;
            }
        }
    }
    woken
}

/// What [`requeue`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requeued {
    pub woken: usize,
    pub moved: usize,
}

/// If `validate` (asked under the locks) says yes: wakes up to `wake` of those who wait on `from`,
/// and makes up to `requeue` of the others wait on `to`.
pub fn requeue(
    from: usize,
    to: usize,
    wake: usize,
    requeue: usize,
    validate: impl FnOnce() -> bool,
) -> Option<Requeued> {
    section(|| {
        let (a, b) = (index(from), index(to));
        let mut wakeups = Wakeups::new();
        let mut low = LOT[a.min(b)].0.lock();
        let done = if a == b {
            validate().then(|| {
                let woken = wake_some(&mut low, from, wake, u32::MAX, &mut wakeups);
                Requeued { woken, moved: rename(&mut low, from, to, requeue) }
            })
        } else {
            let mut high = LOT[a.max(b)].0.lock();
            let (source, target) = if a < b { (&mut low, &mut high) } else { (&mut high, &mut low) };
            validate().then(|| {
                let woken = wake_some(source, from, wake, u32::MAX, &mut wakeups);
                Requeued { woken, moved: transfer(source, target, from, to, requeue) }
            })
        };
        drop(low);
        wakeups.deliver(sched::enqueue);
        done
    })
}

fn rename(bucket: &mut List<Place>, from: usize, to: usize, most: usize) -> usize {
    let mut moved = 0;
    // SAFETY: the bucket is locked, and none is removed.
    for mut node in unsafe { bucket.iter() }.take(if from == to { 0 } else { usize::MAX }) {
        // SAFETY: a node in a locked bucket is alive, and the lock's holder may write it.
        let place = unsafe { &mut node.as_mut().data };
        if moved < most && place.addr == from {
            place.addr = to;
            moved += 1;
        }
    }
    moved
}

fn transfer(source: &mut List<Place>, target: &mut List<Place>, from: usize, to: usize, most: usize) -> usize {
    let mut moved = 0;
    // SAFETY: as in `wake_some`.
    for mut node in unsafe { source.iter() } {
        // SAFETY: both buckets are locked: the node is alive, and ours to write and to move.
        unsafe {
            if moved < most && node.as_ref().data.addr == from {
                source.remove(node);
                node.as_mut().data.addr = to;
                target.push(node);
                moved += 1;
            }
        }
    }
    moved
}
