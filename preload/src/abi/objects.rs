//! The objects that are loaded: the program, its libraries, the loader.

use super::library::{Unsupported, expect, next};
use core::ffi::{c_int, c_void};

/// The static TLS of one object: where it starts relative to `t` (negative), its length, and its DTV index.
#[derive(Clone, Copy)]
pub(super) struct Segment {
    pub start: isize,
    pub length: usize,
    pub module: usize,
}

impl Segment {
    /// The block of the object that `gnu_get_libc_version` is in, as seen by the thread `t`, which is the caller.
    pub(super) fn of_libc(t: *mut u8) -> Result<Self, Unsupported> {
        let inside = next(c"gnu_get_libc_version")? as usize;
        let mut found = None;
        for_each_object(&mut |object| {
            if covers(object, inside) {
                let length = tls_header(object).map_or(0, |header| header.p_memsz as usize);
                let start = (object.dlpi_tls_data as isize).wrapping_sub(t as isize);
                found = Some(Self { start, length, module: object.dlpi_tls_modid });
            }
        });
        let segment = found.ok_or(Unsupported::Mismatch("libc's program headers"))?;
        expect(segment.start < 0 && segment.length > 0 && segment.length <= -segment.start as usize, "libc's TLS")?;
        Ok(segment)
    }

    /// Whether the word at `t + offset` is part of it.
    pub(super) fn contains(&self, offset: isize) -> bool {
        (self.start..self.start + self.length as isize - 7).contains(&offset)
    }
}

pub(super) fn for_each_object(visit: &mut dyn FnMut(&libc::dl_phdr_info)) {
    unsafe extern "C" fn each(object: *mut libc::dl_phdr_info, _: usize, visit: *mut c_void) -> c_int {
        // SAFETY: dl_iterate_phdr passes a valid object, and the pointer handed to it below.
        unsafe { (*visit.cast::<&mut dyn FnMut(&libc::dl_phdr_info)>())(&*object) };
        0
    }
    let mut visit = visit;
    // SAFETY: `each` casts the pointer back to what it is, and is called only before this returns.
    unsafe { libc::dl_iterate_phdr(Some(each), (&raw mut visit).cast()) };
}

pub(super) fn headers(object: &libc::dl_phdr_info) -> &[libc::Elf64_Phdr] {
    // SAFETY: the loader keeps an object's program headers mapped as long as it reports the object.
    unsafe { core::slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()) }
}

/// Where libc's variables are: its writable segment.
pub(super) fn data_of_libc() -> Result<core::ops::Range<usize>, Unsupported> {
    let inside = next(c"gnu_get_libc_version")? as usize;
    let mut found = None;
    for_each_object(&mut |object| {
        if covers(object, inside) {
            let writable = headers(object)
                .iter()
                .find(|header| header.p_type == libc::PT_LOAD && header.p_flags & libc::PF_W != 0);
            found = writable.map(|header| {
                let start = (object.dlpi_addr + header.p_vaddr) as usize;
                start..start + header.p_memsz as usize
            });
        }
    });
    found.ok_or(Unsupported::Mismatch("libc's variables"))
}

pub(super) fn tls_header(object: &libc::dl_phdr_info) -> Option<&libc::Elf64_Phdr> {
    headers(object).iter().find(|header| header.p_type == libc::PT_TLS)
}

pub(super) fn covers(object: &libc::dl_phdr_info, address: usize) -> bool {
    headers(object).iter().any(|header| {
        let start = (object.dlpi_addr + header.p_vaddr) as usize;
        header.p_type == libc::PT_LOAD && (start..start + header.p_memsz as usize).contains(&address)
    })
}

/// Whether stacks must be executable: an object that is loaded says so, or says nothing (glibc DEFAULT_STACK_PERMS). The
/// kernel's own, which has no such header, is not asked.
pub fn wants_executable_stacks() -> bool {
    // SAFETY: it has no precondition.
    let kernels = unsafe { libc::getauxval(libc::AT_SYSINFO_EHDR) };
    let mut wanted = false;
    for_each_object(&mut |object| {
        let stack = headers(object).iter().find(|header| header.p_type == libc::PT_GNU_STACK);
        wanted |= object.dlpi_addr != kernels && stack.is_none_or(|header| header.p_flags & libc::PF_X != 0);
    });
    wanted
}

/// The address of a `ret` in the code of the object that has `address` in its code. The first one: that is in `.init`,
/// of which no unwinding table tells, so that nobody believes one who finds it as a return address.
pub fn return_near(address: usize) -> Option<usize> {
    const RET: u8 = 0xc3;
    let mut found = None;
    for_each_object(&mut |object| {
        for header in headers(object).iter().filter(|header| header.p_flags & libc::PF_X != 0) {
            let start = (object.dlpi_addr + header.p_vaddr) as usize;
            let length = header.p_memsz as usize;
            if header.p_type == libc::PT_LOAD && (start..start + length).contains(&address) {
                // SAFETY: a mapped segment, which x86-64 can't make executable and not readable.
                let code = unsafe { core::slice::from_raw_parts(start as *const u8, length) };
                found = code.iter().position(|&byte| byte == RET).map(|at| start + at);
            }
        }
    });
    found
}
