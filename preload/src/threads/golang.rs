//! Go in the process: all threads are native then.
//!
//! Go's runtime makes its threads by pthread_create where C is linked in, and from there on masks signals, sets alternate
//! stacks and sends signals to threads by system calls of its own, which no hook sees: what it sets for a thread, a
//! coroutine leaves behind on an OS thread. A thread of C's does the same when it calls a function of Go's.
//!
//! An object that Go's linker made has a note of its own, which `strip` leaves (cmd/internal/buildid: note type 4, "Go"). A
//! program that was linked without one (`-buildid=`) still exports what C needs of Go.

use crate::voice::say::log;
use libc::{
    Elf64_Ehdr, Elf64_Phdr, PT_NOTE, RTLD_DEFAULT, RTLD_NEXT, c_int, c_void, dl_iterate_phdr, dl_phdr_info, dlsym,
};
use std::mem::transmute;
use std::ptr::null_mut;
use std::slice;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicPtr};

/// There is an object of Go's.
static HERE: AtomicBool = AtomicBool::new(false);
/// Objects have come since the constructor looked.
static MORE: AtomicBool = AtomicBool::new(false);
/// glibc's `_dl_find_object`, since 2.35, which takes no lock.
static FIND: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

type Find = unsafe extern "C" fn(usize, *mut Found) -> c_int;

/// struct dl_find_object (<bits/dl_find_object.h>).
#[repr(C)]
#[derive(Default)]
struct Found {
    flags: u64,
    start: usize,
    end: usize,
    others: [usize; 9],
}

/// Looks at what is loaded: in the constructor.
pub fn look() {
    unsafe extern "C" fn each(object: *mut dl_phdr_info, _: usize, _: *mut c_void) -> c_int {
        // SAFETY: dl_iterate_phdr passes a valid object, whose headers stay mapped as long as it is shown.
        let (base, headers) = unsafe {
            let object = &*object;
            (object.dlpi_addr as usize, slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()))
        };
        // SAFETY: as above.
        c_int::from(unsafe { is_of_go(base, headers) })
    }
    // SAFETY: `each` uses no argument; the names end with a NUL.
    unsafe {
        let noted = dl_iterate_phdr(Some(each), null_mut()) != 0;
        HERE.store(noted || !dlsym(RTLD_DEFAULT, c"_cgo_topofstack".as_ptr()).is_null(), Relaxed);
        FIND.store(dlsym(RTLD_NEXT, c"_dl_find_object".as_ptr()), Relaxed);
    }
}

/// An object is being loaded.
pub fn one_more() {
    MORE.store(true, Relaxed);
}

/// Whether a thread that is to begin at `start` must be native.
pub fn is_here(start: usize) -> bool {
    let here = HERE.load(Relaxed) || (MORE.load(Relaxed) && is_of_new_go(start));
    if here {
        log(format_args!("a thread is native: Go's runtime is in the process, and makes its system calls itself"));
    }
    here
}

/// Go in an object that came later makes a thread before anybody can call it.
#[cold]
fn is_of_new_go(start: usize) -> bool {
    // SAFETY: null, or glibc's function, with its prototype.
    let find = unsafe { transmute::<*mut c_void, Option<Find>>(FIND.load(Relaxed)) };
    let mut found = Found::default();
    // SAFETY: the call fills in the structure.
    if find.is_none_or(|find| unsafe { find(start, &mut found) } != 0) {
        return false;
    }
    // SAFETY: the caller is about to start a thread in this object, so that it stays; it begins with its ELF header.
    let here = unsafe {
        let header = &*(found.start as *const Elf64_Ehdr);
        let headers = (found.start + header.e_phoff as usize) as *const Elf64_Phdr;
        header.e_ident.starts_with(b"\x7fELF")
            && is_of_go(found.start, slice::from_raw_parts(headers, header.e_phnum.into()))
    };
    HERE.fetch_or(here, Relaxed);
    here
}

/// Whether an object with these program headers has Go's note.
///
/// # Safety
/// It is loaded at `base`.
unsafe fn is_of_go(base: usize, headers: &[Elf64_Phdr]) -> bool {
    headers.iter().filter(|header| header.p_type == PT_NOTE).any(|header| {
        let at = (base + header.p_vaddr as usize) as *const u8;
        // SAFETY: notes that have a program header are loaded.
        has_gos(unsafe { slice::from_raw_parts(at, header.p_memsz as usize) })
    })
}

/// Looks through notes: lengths of name and content, type, name, content, each padded to four bytes (elf(5)).
fn has_gos(mut notes: &[u8]) -> bool {
    const BUILD_ID: u32 = 4;
    const NAME: &[u8] = b"Go\0\0";
    let word =
        |notes: &[u8], at| notes.get(at..at + 4).map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]));
    while let (Some(name), Some(content), Some(kind)) = (word(notes, 0), word(notes, 4), word(notes, 8)) {
        let (name, content) = (name as usize, content as usize);
        if kind == BUILD_ID && notes.get(12..12 + name) == Some(NAME) {
            return true;
        }
        notes = notes.get(12 + name.next_multiple_of(4) + content.next_multiple_of(4)..).unwrap_or(&[]);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_gos;

    fn note(kind: u32, name: &[u8], content: &[u8]) -> Vec<u8> {
        let words = [name.len() as u32, content.len() as u32, kind];
        let mut note: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        for part in [name, content] {
            note.extend(part);
            note.resize(note.len().next_multiple_of(4), 0);
        }
        note
    }

    #[test]
    fn gos_note_is_found_among_others() {
        let gnus = note(3, b"GNU\0", &[7; 20]);
        let gos = note(4, b"Go\0\0", b"an odd length");
        assert!(has_gos(&[gnus.clone(), gos.clone()].concat()));
        assert!(has_gos(&[gos, gnus.clone()].concat()));
        assert!(!has_gos(&[gnus, note(4, b"stapsdt\0", b"x")].concat()));
    }

    #[test]
    fn what_is_cut_off_is_no_note() {
        let gos = note(4, b"Go\0\0", b"id");
        assert!(!has_gos(&gos[..14]));
        assert!(!has_gos(&note(4, &[b'G'; 40], b"id")[..20]));
        assert!(!has_gos(&[0xff; 64]));
    }
}
