//! What /proc tells of an OS thread of this process.

use rustix::fs::{Mode, OFlags};

/// Whether the thread `tid` sleeps in the kernel. A thread that runs, or would if it had a CPU, does
/// not; of one that nothing can be told, yes. About 3 us.
pub fn sleeps(tid: u32) -> bool {
    let mut path = *b"/proc/self/task/0000000000/stat\0";
    let mut rest = tid;
    for digit in path[16..26].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    // The kernel takes no leading zeroes.
    let zeroes = path[16..25].iter().take_while(|&&digit| digit == b'0').count();
    path.copy_within(16 + zeroes.., 16);
    let Ok(path) = core::ffi::CStr::from_bytes_until_nul(&path) else { return true };
    let Ok(file) = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()) else { return true };
    let mut text = [0; 64];
    let Ok(n) = rustix::io::read(&file, &mut text) else { return true };
    // "tid (name) state ...", where the name, of 15 bytes at most, may hold anything.
    let state = text[..n].rsplit(|&byte| byte == b')').next().and_then(|rest| rest.get(1));
    state != Some(&b'R')
}
