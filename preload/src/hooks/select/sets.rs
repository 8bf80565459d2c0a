//! The sets of select(2), as questions to poll(2) and as its answers.

use super::set::Set;
use crate::sys::errno;
use crate::sys::kernel;
use crate::sys::memory;
use crate::wait::fd_table;
use libc::*;

/// What a set asks of poll, and what of the answer counts (Linux `fs/select.c`: POLLIN_SET and so on).
const KINDS: [(c_short, c_short); 3] = [
    (POLLIN | POLLRDNORM | POLLRDBAND, POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR | POLLNVAL),
    (POLLOUT | POLLWRNORM | POLLWRBAND, POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR | POLLNVAL),
    (POLLPRI, POLLPRI | POLLNVAL),
];

/// The sets of a select: for reading, for writing, for exceptions.
#[derive(Clone, Copy)]
pub struct Sets {
    /// How many numbers the sets speak of, from 0.
    n: c_int,
    words: [*mut u64; 3],
}

impl Sets {
    /// The part of the sets that the kernel looks at: up to the end of its table of descriptors, where the program's memory
    /// may end, too.
    pub fn within_table(n: c_int, sets: [*mut fd_set; 3]) -> Sets {
        let mut sets = Sets { n, words: sets.map(<*mut fd_set>::cast) };
        if n > fd_table::end() {
            sets.look_for_unseen();
            sets.n = n.min(fd_table::end());
        }
        sets
    }

    /// Has the table tell of the members that no hook has seen being made, as far as sets commonly go.
    fn look_for_unseen(self) {
        let common = Sets { n: self.n.min(FD_SETSIZE as c_int), ..self };
        if common.are_whole() {
            // SAFETY: whole, as was just seen.
            let members = unsafe { common.members() };
            members.map(|(number, _)| number).filter(|&number| number >= fd_table::end()).for_each(fd_table::look_for);
        }
    }

    /// How many numbers count.
    pub fn count(self) -> c_int {
        self.n
    }

    /// Whether the kernel reads all of the sets. A negative `n` is an error.
    pub fn are_whole(self) -> bool {
        self.n >= 0 && self.places().all(|at| memory::is_readable(at, self.word_count() * size_of::<u64>()))
    }

    /// Whether the answer can be written: asked at the end, for what was asked is lost.
    pub fn are_writable(self) -> bool {
        self.n == 0 || self.places().all(|at| memory::is_writable(at, self.word_count() * size_of::<u64>()))
    }

    /// The addresses of the sets that there are.
    fn places(self) -> impl Iterator<Item = usize> {
        self.words.into_iter().map(<*mut u64>::addr).filter(|&at| at != 0)
    }

    /// # Safety
    /// `set` is one of `words`, and the sets are whole.
    unsafe fn word(self, set: usize, index: usize) -> u64 {
        // SAFETY: the caller's promise.
        unsafe { self.words[set].wrapping_add(index).as_ref() }.filter(|_| !self.words[set].is_null()).map_or(0, |w| *w)
    }

    fn word_count(self) -> usize {
        (self.n as usize).div_ceil(64)
    }

    /// The numbers that are in any set, each with the events to ask.
    ///
    /// # Safety
    /// The sets are whole.
    pub unsafe fn members(self) -> impl Iterator<Item = (c_int, c_short)> {
        let numbers = (0..self.word_count()).flat_map(move |index| {
            // SAFETY: the caller's promise.
            let words = [0, 1, 2].map(|set| unsafe { self.word(set, index) });
            ones(words[0] | words[1] | words[2]).map(move |bit| {
                let kinds = KINDS.iter().zip(words).filter(move |(_, word)| word >> bit & 1 == 1);
                ((index * 64) as c_int + bit, kinds.fold(0, |all, ((asks, _), _)| all | asks))
            })
        });
        numbers.take_while(move |&(number, _)| number < self.n)
    }

    /// Replaces the members by those that are ready. Whole words are written, as by the kernel.
    ///
    /// # Safety
    /// The sets are whole and writable.
    pub unsafe fn answer(self, set: &Set) {
        for (words, kind) in self.words.into_iter().zip(KINDS).filter(|(words, _)| !words.is_null()) {
            // SAFETY: the caller's promise; the numbers are members of the sets.
            unsafe {
                words.write_bytes(0, self.word_count());
                for ready in set.told().iter().filter(|one| is_ready(one, kind)) {
                    *words.add(ready.fd as usize / 64) |= 1 << (ready.fd % 64);
                }
            }
        }
    }
}

/// The positions of the bits that are set.
fn ones(mut word: u64) -> impl Iterator<Item = c_int> {
    std::iter::from_fn(move || {
        let lowest = word.trailing_zeros();
        word &= word.checked_sub(1)?;
        Some(lowest as c_int)
    })
}

/// Whether `one` is a member of the set of this kind in the answer.
fn is_ready(one: &pollfd, (asks, tells): (c_short, c_short)) -> bool {
    one.events & asks != 0 && one.revents & tells != 0
}

/// How many bits of the answer will be set. A number that is not open is EBADF at first; one that was closed in the wait
/// is ready, and so is one of a place in the file system (O_PATH), which nobody can poll.
pub fn count_bits(asked: &[pollfd], first: bool) -> c_int {
    if first && asked.iter().any(|one| one.revents & POLLNVAL != 0 && !kernel::is_open(one.fd)) {
        return errno::fail(EBADF) as c_int;
    }
    let bits = |one: &pollfd| KINDS.into_iter().filter(|&kind| is_ready(one, kind)).count();
    asked.iter().map(bits).sum::<usize>() as c_int
}
