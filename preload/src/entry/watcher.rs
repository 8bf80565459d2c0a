//! Tools that watch every thread of the program themselves, and know nothing of coroutines: under one of them the program
//! stays native, and the tool sees what it would see without us.

use core::arch::asm;
use core::ffi::{CStr, c_void};

/// What each sanitizer's runtime exports.
const SANITIZERS: [(&CStr, &str); 5] = [
    (c"__asan_init", "AddressSanitizer"),
    (c"__hwasan_init", "HWAddressSanitizer"),
    (c"__lsan_init", "LeakSanitizer"),
    (c"__msan_init", "MemorySanitizer"),
    (c"__tsan_init", "ThreadSanitizer"),
];

/// The tool that watches this process.
pub fn find() -> Option<&'static str> {
    let sanitizer = SANITIZERS.iter().find(|(symbol, _)| !look_up(libc::RTLD_DEFAULT, symbol).is_null());
    match sanitizer {
        Some(&(_, name)) => Some(name),
        None if is_linked_in() => Some("a sanitizer"),
        None => is_valgrind().then_some("valgrind"),
    }
}

fn look_up(place: *mut c_void, name: &CStr) -> *mut c_void {
    // SAFETY: the name ends with a NUL.
    unsafe { libc::dlsym(place, name.as_ptr()) }
}

/// Whether the program has a sanitizer's runtime in itself (`-static-libtsan`): it exports nothing but the functions that
/// it stands before, among them one that nobody else does.
fn is_linked_in() -> bool {
    const TLS_GET_ADDR: &CStr = c"__tls_get_addr";
    look_up(libc::RTLD_DEFAULT, TLS_GET_ADDR) != look_up(libc::RTLD_NEXT, TLS_GET_ADDR)
}

/// RUNNING_ON_VALGRIND of <valgrind/valgrind.h>: a CPU's no-op, which valgrind's answers.
fn is_valgrind() -> bool {
    const RUNNING_ON_VALGRIND: usize = 0x1001;
    let request = [RUNNING_ON_VALGRIND, 0, 0, 0, 0, 0];
    let mut answer = 0usize;
    // SAFETY: the rotations leave rdi as it was after 128 bits, and the exchange changes nothing.
    unsafe {
        asm!("rol rdi, 3", "rol rdi, 13", "rol rdi, 61", "rol rdi, 51", "xchg rbx, rbx",
             in("rax") &raw const request, inout("rdx") answer, out("rdi") _, options(nostack));
    }
    answer != 0
}
