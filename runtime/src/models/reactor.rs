//! The readiness of descriptors: no edge is lost between a look, a try, its disproof and the wait.

use super::world::task::Task;
use super::world::{SOON, close, let_time_pass, produce, spawn_task, try_read};
use crate::Wake;
use crate::reactor::{Interest, Life, Refusal, slot};
use crate::sys::clock::Deadline;
use crate::wait::{Entry, Lease, wait_any};
use loom::thread;

const FAMILY: u8 = 0;

/// Reads one thing from the file `fd`, as every hook does it: look, try, disprove, wait. False: the
/// deadline passed.
fn read(task: &'static Task, fd: usize, deadline: Option<Deadline>) -> bool {
    let slot = slot(fd as i32).expect("the file has a slot");
    loop {
        let seen = slot.look();
        if try_read(fd) {
            return true;
        }
        slot.disprove(seen, Interest::READ);
        let mut lease = Lease::new(fd as i32, slot.life(), Interest::READ);
        // SAFETY: nothing but the model's own steps runs meanwhile; the lease ends below, where it lies.
        let why = unsafe { lease.wait(task, FAMILY, deadline, true) }.expect("the file can be watched");
        lease.end();
        if why == Wake::TimedOut {
            return false;
        }
    }
}

#[test]
fn an_edge_is_not_lost() {
    loom::model(|| {
        let reader = spawn_task(0, |task| assert!(read(task, 0, None)));
        produce(0);
        reader.join().unwrap();
    });
}

/// The second comes while the reader acts on the first one's edge.
#[test]
fn nor_is_the_next_one() {
    loom::model(|| {
        let reader = spawn_task(0, |task| assert!(read(task, 0, None) && read(task, 0, None)));
        produce(0);
        produce(0);
        reader.join().unwrap();
    });
}

/// The edges are taken by two OS threads at once.
#[test]
fn it_does_not_matter_who_takes_an_edge() {
    loom::model(|| {
        let reader = spawn_task(0, |task| assert!(read(task, 0, None) && read(task, 0, None)));
        let other = thread::spawn(|| produce(0));
        produce(0);
        other.join().unwrap();
        reader.join().unwrap();
    });
}

/// Two wait for one file: an edge wakes both, and the one that finds nothing waits on.
#[test]
fn two_readers_of_one_file() {
    loom::model(|| {
        let readers = [0, 1].map(|index| spawn_task(index, |task| assert!(read(task, 0, None))));
        produce(0);
        produce(0);
        for reader in readers {
            reader.join().unwrap();
        }
    });
}

#[test]
fn an_edge_and_a_deadline() {
    loom::model(|| {
        let reader = spawn_task(0, |task| {
            let got = read(task, 0, Some(SOON));
            assert!(!task.is_queued(), "a task that runs is queued");
            got
        });
        let clock = thread::spawn(let_time_pass);
        produce(0);
        clock.join().unwrap();
        let got = reader.join().unwrap();
        assert_ne!(got, try_read(0), "what was produced is neither read nor left, or both");
    });
}

/// One waits for two files, of which both get something; it wakes, and no node is left behind.
#[test]
fn a_wait_for_any() {
    loom::model(|| {
        let reader = spawn_task(0, |task| {
            let mut entries = [0, 1].map(|fd| Entry::new(fd, Interest::READ));
            while !try_read(0) && !try_read(1) {
                let why = wait_any(task, FAMILY, &mut entries, None).expect("the files can be watched");
                assert_eq!(why, Wake::Unparked);
                entries.iter_mut().for_each(Entry::look_again);
            }
            assert!(!task.is_queued(), "a task that runs is queued");
        });
        let other = thread::spawn(|| produce(1));
        produce(0);
        other.join().unwrap();
        reader.join().unwrap();
        produce(0);
        assert!(try_read(0));
    });
}

/// An event of an earlier life of the number says nothing about the present one.
#[test]
fn an_edge_of_an_earlier_life_is_stale() {
    loom::model(|| {
        let slot = slot(0).expect("the file has a slot");
        let_time_pass();
        spawn_task(0, |task| assert!(!read(task, 0, Some(SOON)))).join().unwrap();
        let closer = thread::spawn(|| slot.end(slot.begin_end(0, false)));
        produce(0);
        closer.join().unwrap();
        let seen = slot.look();
        assert!(!seen.is_ready(Interest::READ), "the new life begins with the old one's edge");
        assert!(!slot.is_watched());
    });
}

/// Waits for the file that had `life` under the number 0, and reads one thing of it. `None`: the time was up.
fn read_by_lease(task: &'static Task, life: Life, deadline: Option<Deadline>) -> Result<Option<bool>, Refusal> {
    let mut lease = Lease::new(0, life, Interest::READ);
    let result = loop {
        // SAFETY: as in `read`.
        match unsafe { lease.wait(task, FAMILY, deadline, true) } {
            Err(refusal) => break Err(refusal),
            Ok(Wake::TimedOut) => break Ok(None),
            Ok(_) => {}
        }
        let (fd, slot, seen) = lease.begin_try();
        let got = fd >= 0 && try_read(fd as usize);
        if let Some(slot) = slot.filter(|_| !got) {
            slot.disprove(seen, Interest::READ);
        }
        lease.end_try();
        if got {
            break Ok(Some(true));
        }
    };
    lease.end();
    result
}

/// Closes the number 0 as a hook does.
fn close_by_number() {
    let slot = slot(0).expect("the file has a slot");
    let life = slot.begin_end(0, false);
    close(0);
    slot.end(life);
}

/// A close comes at any moment of a wait: either the wait is refused, or it goes on with the open file, whose next byte
/// ends it. What is written to the next file of that number is never read by it.
#[test]
fn a_close_against_a_wait() {
    loom::model(|| {
        let life = slot(0).expect("the file has a slot").life();
        let reader = spawn_task(0, move |task| read_by_lease(task, life, None));
        close_by_number();
        slot(0).expect("the number has a slot").begin(0);
        produce(0);
        produce(1);
        match reader.join().unwrap() {
            Ok(got) => assert_eq!(got, Some(true)),
            Err(refusal) => assert_eq!(refusal, Refusal::LifeEnded),
        }
        assert!(try_read(0), "the next file's byte was read by a wait for the last one's");
    });
}

/// The waiter's time is up while it is moved: it is in no list when its frame ends.
#[test]
fn a_close_against_a_time_out() {
    loom::model(|| {
        let life = slot(0).expect("the file has a slot").life();
        let reader = spawn_task(0, move |task| {
            let result = read_by_lease(task, life, Some(SOON));
            assert!(!task.is_queued(), "a task that runs is queued");
            result
        });
        let clock = thread::spawn(let_time_pass);
        close_by_number();
        clock.join().unwrap();
        let result = reader.join().unwrap();
        assert!(matches!(result, Ok(None) | Err(Refusal::LifeEnded)), "{result:?}");
    });
}
