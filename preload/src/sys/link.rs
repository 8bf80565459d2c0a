//! What /proc/self/fd says that a descriptor is: of a file without a name, its kind.

use libc::{c_char, c_int, readlink};

/// The first bytes of the name of `fd`, in `name`: none if it can't be told.
pub fn read(fd: c_int, name: &mut [u8; 32]) -> &[u8] {
    let mut path = [0u8; 32];
    // SAFETY: a string that ends, and room for as many bytes as are said.
    let length = unsafe { readlink(write_path(&mut path, fd), name.as_mut_ptr().cast(), name.len()) };
    &name[..length.max(0) as usize]
}

/// The string /proc/self/fd/N, in `path`.
fn write_path(path: &mut [u8; 32], fd: c_int) -> *const c_char {
    const FOLDER: &[u8] = b"/proc/self/fd/";
    path[..FOLDER.len()].copy_from_slice(FOLDER);
    let (mut end, mut rest) = (path.len() - 1, fd.unsigned_abs());
    // The digits at the end, then down to the folder.
    let last = end;
    while end == last || rest > 0 {
        end -= 1;
        path[end] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    path.copy_within(end..last, FOLDER.len());
    path[FOLDER.len() + last - end] = 0;
    path.as_ptr().cast()
}
