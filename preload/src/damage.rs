//! For tests: inputs that are nearly right. Real ones are damaged here and there, over and over, for about a second.
//!
//! The damage is the same in each run, so that what failed once fails again; and the input that failed is shown.

use std::time::{Duration, Instant};

const BUDGET: Duration = Duration::from_secs(1);

/// Where the numbers of a file's head are; half of the damage is done there.
const HEAD: usize = 256;

/// Calls `body` with each input as it is, then with damaged ones.
pub fn each(inputs: &[Vec<u8>], mut body: impl FnMut(&[u8])) {
    let mut shown = |input: &[u8]| {
        let _shown = Shown(input);
        body(input);
    };
    inputs.iter().for_each(|input| shown(input));
    let (mut chance, end) = (Chance(0x9e37_79b9_7f4a_7c15), Instant::now() + BUDGET);
    while Instant::now() < end {
        let mut input = inputs[chance.below(inputs.len())].clone();
        for _ in 0..=chance.below(3) {
            damage(&mut input, &mut chance);
        }
        shown(&input);
    }
}

fn damage(input: &mut Vec<u8>, chance: &mut Chance) {
    let reach = if chance.below(2) == 0 { input.len().min(HEAD) } else { input.len() };
    let at = chance.below(reach + 1);
    let to = (at + 1 + chance.below(8)).min(input.len());
    let bytes = at.min(to)..to;
    match chance.below(6) {
        0 => input.truncate(at),
        1 => drop(input.drain(bytes)),
        2 => input.insert(at, chance.byte()),
        3 => input.extend_from_within(bytes),
        4 => input[bytes].fill_with(|| chance.byte()),
        _ => {
            let extreme = [0, 0x7f, 0x80, 0xff][chance.below(4)];
            input[bytes].fill(extreme);
        }
    }
}

/// Xorshift, of which nothing more is wanted than that it is not in order.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end
    }

    /// Half of the time one that a number or a list may have.
    fn byte(&mut self) -> u8 {
        const WRITTEN: &[u8] = b"0123456789,-=+ KMG\n\0aeilnost";
        if self.below(2) == 0 { WRITTEN[self.below(WRITTEN.len())] } else { self.next() as u8 }
    }
}

struct Shown<'a>(&'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the input was b\"{}\"", self.0[..self.0.len().min(1024)].escape_ascii());
        }
    }
}
