//! Destructors of `pthread_key_create(3)` keys: glibc's `__nptl_deallocate_tsd`, which it does not export.

use super::layout::{KEY_BLOCK, KEY_BLOCKS, KEY_DATA, layout};
use super::raw::{load, store};
use core::ffi::c_void;
use core::ptr::null_mut;

/// `PTHREAD_DESTRUCTOR_ITERATIONS` of glibc's <limits.h>.
const ROUNDS: usize = 4;

/// `struct pthread_key_data`: the value belongs to the key only while the sequence numbers agree.
#[repr(C)]
struct Data {
    seq: usize,
    value: *mut c_void,
}

const KEYS_PER_BLOCK: usize = KEY_BLOCK / KEY_DATA;

/// Calls the destructors of the calling thread `t`, in the order and as often as glibc does, and frees the blocks.
///
/// # Safety
/// FS is `t`. A destructor may unwind (`pthread_exit`); the caller then calls again.
pub(super) unsafe fn call_destructors(t: *mut u8) {
    let l = layout();
    // SAFETY: `t` is the running thread's descriptor: nobody else touches its keys. The table of keys is libc's and is
    // read as libc reads it, without a lock: deleting a key while its destructor runs is the program's race.
    unsafe {
        if load::<u8>(t, l.specific_used) == 0 {
            return;
        }
        for _ in 0..ROUNDS {
            store(t, l.specific_used, 0u8);
            for block in 0..KEY_BLOCKS {
                let entries = load::<*mut Data>(t, l.specific + 8 * block);
                if !entries.is_null() {
                    call_block(entries, block * KEYS_PER_BLOCK);
                }
            }
            if load::<u8>(t, l.specific_used) == 0 {
                break;
            }
        }
        store(t, l.specific_used, 1u8);
        clear(t);
    }
}

/// Drops all values of the thread `t` and frees their blocks; glibc, too, drops what is set in the last round.
///
/// # Safety
/// FS is `t`, or nobody runs on `t`.
pub(super) unsafe fn clear(t: *mut u8) {
    let l = layout();
    // SAFETY: as above. The first block is part of the descriptor, the others are malloc's.
    unsafe {
        if load::<u8>(t, l.specific_used) == 0 {
            return;
        }
        t.add(l.first_block).write_bytes(0, KEY_BLOCK);
        for block in 1..KEY_BLOCKS {
            let slot = l.specific + 8 * block;
            libc::free(load(t, slot));
            store(t, slot, null_mut::<Data>());
        }
        store(t, l.specific_used, 0u8);
    }
}

unsafe fn call_block(entries: *mut Data, first_key: usize) {
    for index in 0..KEYS_PER_BLOCK {
        // SAFETY: a block has that many entries, and the table of keys has one for each.
        unsafe {
            let (entry, key) = (entries.add(index), &*layout().keys.add(first_key + index));
            let value = (*entry).value;
            if value.is_null() {
                continue;
            }
            (*entry).value = null_mut();
            if let (true, Some(destructor)) = ((*entry).seq == key.seq, key.destructor) {
                destructor(value);
            }
        }
    }
}
