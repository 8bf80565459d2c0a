//! Functions of libc that are looked up in libc itself: by dlsym in its own handle (ctypes, P/Invoke and JNA do), by dlvsym,
//! by RTLD_NEXT, and for a plug-in that is loaded with RTLD_DEEPBIND.
//!
//! Our exports stand before libc's in the order in which the loader searches for a program, and these begin behind us. What
//! they found would be libc's own; and of a semaphore, mutex or condition variable that one thread uses by ours and another
//! by libc's, neither would wake the other's waiters. So libc's own symbol table says where ours are: whoever looks there,
//! by whatever way and however late, finds ours.
//!
//! A name is left alone if the next function behind ours is not libc's own: a library that was preloaded after us has one of
//! its own, which ours calls, and which finds libc's by one of these ways. It must not find ours, which would call it again.
//!
//! Ours stand for all versions of a name, as they do where the loader searches from the start.
//!
//! Other ways, not taken: exports of dlsym and dlvsym must know who asks, by the return address, and a plug-in asks neither.
//! Its relocations could be changed once it is loaded, but not those that are bound at the first call. Without its flag it
//! would find the program's functions where it wants its own. And objects in which ours would wake libc's waiters, and theirs
//! ours, would need a system call for each unlock.
//!
//! Not seen: the libc of another namespace (dlmopen), whose errno is its own; and what was looked up before our constructor.

use super::export::each_name;
use crate::abi::SymbolTable;
use crate::voice::say::log;

/// Puts our functions in the place of libc's own. After whatever this library itself looks up.
pub fn redirect() {
    // SAFETY: neither is ever unloaded.
    let tables = unsafe { (SymbolTable::of(libc::gnu_get_libc_version as *const () as usize), SymbolTable::of(own())) };
    let (Some(libcs), Some(ours)) = tables else { return };
    // SAFETY: the name ends with a NUL.
    let first = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"pthread_create".as_ptr()) } as usize;
    // Ours do not stand before libc's: the program has loaded us itself, and calls libc's.
    if libcs.covers(first) {
        return;
    }
    let opened = libcs.open(|open| {
        each_name(&mut |name, real| match ours.find(name) {
            Some(own) if libcs.covers(real) => open.set(name, own),
            _ => {}
        })
    });
    if !opened {
        log(format_args!("libc's symbol table can't be written: functions that are looked up there are libc's own"));
    }
}

/// An address in this library.
fn own() -> usize {
    redirect as *const () as usize
}
