//! Finding the layout, as far as a native thread can tell without making another.
//!
//! The `_thread_db_*` symbols (glibc `nptl_db/structs.def`) are triples of 32-bit words: field size in bits,
//! number of elements, byte offset. The fields between two described ones are placed by `nptl/descr.h`; that
//! placement is confirmed by the distances between the described ones.

use super::layout::{FUTEX_OFFSET, Functions, KEY_BLOCK, KEY_BLOCKS, KEY_DATA, Key, LAYOUT, Layout, Rseq};
use super::library::{Unsupported, expect, field, function, next, real_syscall, size_of_struct};
use super::modules::Modules;
use super::native::Native;
use super::objects::Segment;
use super::raw::{Header, current, load};
use super::tls;
use core::ffi::{CStr, c_char, c_int, c_long, c_void};

/// Reads the layout and verifies it on the calling native thread. Makes no thread, changes nothing.
///
/// # Errors
/// [`Unsupported`], for a library that is not glibc 2.34 or later or does not have the layout expected.
///
/// # Safety
/// Called once, from a native thread, before any other function of this module.
pub unsafe fn init() -> Result<(), Unsupported> {
    version()?;
    // SAFETY: the calling thread's TCB. Bit 1 of `feature_1`: X86_FEATURE_1_SHSTK.
    if unsafe { (*current().cast::<Header>()).feature_1 } & 2 != 0 {
        return Err(Unsupported::ShadowStack);
    }
    let layout = read()?;
    verify(&layout, current())?;
    // SAFETY: once, by contract.
    unsafe { LAYOUT.set(layout) };
    Ok(())
}

fn version() -> Result<(), Unsupported> {
    // SAFETY: the prototype of <gnu/libc-version.h>.
    let version: unsafe extern "C" fn() -> *const c_char =
        unsafe { function(c"gnu_get_libc_version") }.map_err(|_| Unsupported::NotGlibc)?;
    // SAFETY: returns a static NUL-terminated string.
    let text = unsafe { CStr::from_ptr(version()) }.to_str().unwrap_or("");
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or(0));
    let release: (u32, u32) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if release < (2, 34) { Err(Unsupported::TooOld) } else { Ok(()) }
}

fn read() -> Result<Layout, Unsupported> {
    let t = current();
    let size = size_of_struct(c"_thread_db_sizeof_pthread")?;
    let specific = field(c"_thread_db_pthread_specific")?.offset;
    // SAFETY: ld.so's prototype (elf/dl-tls.c).
    let static_info: unsafe extern "C" fn(*mut usize, *mut usize) = unsafe { function(c"_dl_get_tls_static_info")? };
    let (mut tls_size, mut tls_align) = (0, 0);
    // SAFETY: two out-parameters.
    unsafe { static_info(&mut tls_size, &mut tls_align) };
    Ok(Layout {
        size,
        list: field(c"_thread_db_pthread_list")?.offset,
        tid: field(c"_thread_db_pthread_tid")?.offset,
        robust_head: robust_list()?.wrapping_sub(t as usize),
        cancelhandling: field(c"_thread_db_pthread_cancelhandling")?.offset,
        first_block: specific.wrapping_sub(KEY_BLOCK),
        specific,
        specific_used: field(c"_thread_db_pthread_report_events")?.offset.wrapping_sub(1),
        rseq: next(c"__rseq_offset").ok().map(|offset| rseq(t, offset)),
        tls_size: tls_size.wrapping_sub(size),
        tls_align,
        libc: Segment::of_libc(t)?,
        // A TLS symbol's address is the calling thread's copy.
        resp: (next(c"__resp")? as isize).wrapping_sub(t as isize),
        keys: next(c"__pthread_keys")?.cast(),
        modules: Modules::read()?,
        native: Native::look_up()?,
        // SAFETY: the prototypes are those of glibc's elf/dl-tls.c, ctype/ctype-info.c, stdlib/cxa_thread_atexit_impl.c
        // and resolv/res-close.c.
        functions: unsafe {
            Functions {
                allocate_tls: function(c"_dl_allocate_tls")?,
                allocate_tls_init: function(c"_dl_allocate_tls_init")?,
                ctype_init: function(c"__ctype_init")?,
                call_tls_dtors: function(c"__call_tls_dtors")?,
                res_nclose: function(c"__res_nclose")?,
            }
        },
    })
}

/// The rseq area by what `__rseq_offset` is, and how it is in the thread `t`.
fn rseq(t: *mut u8, offset: *mut c_void) -> Rseq {
    // SAFETY: `__rseq_offset` is a `ptrdiff_t` (<sys/rseq.h>), and the area is the calling thread's.
    let (at, cpu_id) = unsafe {
        let at = *offset.cast::<isize>();
        (at, load::<i32>(t.offset(at), Rseq::CPU_ID))
    };
    let off = cpu_id == Rseq::REGISTRATION_FAILED;
    Rseq { at, cpu_id: if off { cpu_id } else { Rseq::UNINITIALIZED } }
}

/// Where the kernel was told this thread's robust list is: `&t->robust_head`.
fn robust_list() -> Result<usize, Unsupported> {
    let (mut head, mut length) = (0usize, 0usize);
    let syscall = real_syscall()?;
    // SAFETY: get_robust_list(2) of this thread, with two out-parameters.
    let result = unsafe { syscall(libc::SYS_get_robust_list, 0 as c_int, &raw mut head, &raw mut length) };
    expect(result == 0 && length == 24, "robust list")?;
    Ok(head)
}

/// Confirms on the live native descriptor `t` that the fields are where [`read`] places them.
fn verify(l: &Layout, t: *mut u8) -> Result<(), Unsupported> {
    expect((1024..16384).contains(&l.size), "size of a descriptor")?;
    expect(l.tls_align.is_power_of_two() && l.tls_size < 1 << 30, "size of static TLS")?;
    expect(field(c"_thread_db_pthread_dtvp")?.offset == 8, "dtv")?;
    expect(field(c"_thread_db_pthread_tid")?.bits == 32, "tid")?;
    expect(l.robust_head == (l.tid + 4).next_multiple_of(8) + 8, "robust list")?;
    expect(l.cancelhandling == l.robust_head + 24 + 16, "cancellation flags")?;
    expect(l.first_block == l.cancelhandling + 8, "first block of keys")?;
    expect(l.specific_used == l.specific + KEY_BLOCKS * 8, "flag of keys")?;
    expect(l.specific_used + 3 < l.size && l.list + 16 <= l.tid, "fields inside the descriptor")?;
    expect(field(c"_thread_db_pthread_specific")?.bits as usize == KEY_BLOCKS * 64, "blocks of keys")?;
    expect(size_of_struct(c"_thread_db_sizeof_pthread_key_data_level2")? == KEY_BLOCK, "block of keys")?;
    expect(size_of_struct(c"_thread_db_sizeof_pthread_key_data")? == KEY_DATA, "key data")?;
    expect(size_of_struct(c"_thread_db_sizeof_pthread_key_struct")? == size_of::<Key>(), "table of keys")?;
    expect(field(c"_thread_db_pthread_key_struct_destr")?.offset == 8, "key destructors")?;
    expect(l.libc.contains(l.resp), "resolver state")?;
    expect(
        l.rseq.as_ref().is_none_or(|&Rseq { at, .. }| at >= -(l.tls_size as isize) && at + 32 <= l.size as isize),
        "rseq area",
    )?;
    let syscall = real_syscall()?;
    // SAFETY: `t` is this thread's own live descriptor, and the offsets were just shown to be inside it; gettid and
    // getpid have no precondition.
    unsafe {
        let (thread, process) = (syscall(libc::SYS_gettid) as c_int, syscall(libc::SYS_getpid) as c_int);
        expect(load::<*mut u8>(t, 0) == t && load::<*mut u8>(t, 0x10) == t, "TCB header")?;
        expect(load::<c_int>(t, l.tid) == thread, "tid")?;
        expect(load::<*mut u8>(t, l.specific) == t.add(l.first_block), "pointer to the first block of keys")?;
        expect(load::<c_long>(t, l.robust_head + 8) == FUTEX_OFFSET, "robust futex offset")?;
        if thread == process {
            expect(load::<u8>(t, l.specific_used + 2) == 1, "user_stack of the main thread")?;
        }
        tls::verify(l, t)
    }
}
