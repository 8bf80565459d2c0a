//! The loader's table of objects with thread-local storage, and those that come when threads already run.

use super::discover::{field, size_of_struct};
use super::layout::{LAYOUT, current, load};
use super::library::{Unsupported, expect, next};
use super::tls;
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicUsize, Ordering};

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

fn tls_header(object: &libc::dl_phdr_info) -> Option<&libc::Elf64_Phdr> {
    headers(object).iter().find(|header| header.p_type == libc::PT_TLS)
}

pub(super) fn covers(object: &libc::dl_phdr_info, address: usize) -> bool {
    headers(object).iter().any(|header| {
        let start = (object.dlpi_addr + header.p_vaddr) as usize;
        header.p_type == libc::PT_LOAD && (start..start + header.p_memsz as usize).contains(&address)
    })
}

/// Where the loader keeps `dl_tls_dtv_slotinfo_list`, and the offsets needed to walk it.
pub(super) struct Modules {
    list: *const *const u8,
    next: usize,
    length: usize,
    entries: usize,
    entry_size: usize,
    generation: usize,
    map: usize,
    map_offset: usize,
}

/// A module with thread-local storage: `offset` is how far below `t` its block starts.
pub(super) struct Module {
    generation: usize,
    pub(super) offset: usize,
}

impl Modules {
    pub(super) fn read() -> Result<Self, Unsupported> {
        let list = field(c"_thread_db_rtld_global__dl_tls_dtv_slotinfo_list")?.offset;
        Ok(Self {
            list: next(c"_rtld_global")?.cast::<u8>().cast_const().wrapping_add(list).cast(),
            next: field(c"_thread_db_dtv_slotinfo_list_next")?.offset,
            length: field(c"_thread_db_dtv_slotinfo_list_len")?.offset,
            entries: field(c"_thread_db_dtv_slotinfo_list_slotinfo")?.offset,
            entry_size: size_of_struct(c"_thread_db_sizeof_dtv_slotinfo")?,
            generation: field(c"_thread_db_dtv_slotinfo_gen")?.offset,
            map: field(c"_thread_db_dtv_slotinfo_map")?.offset,
            map_offset: field(c"_thread_db_link_map_l_tls_offset")?.offset,
        })
    }

    /// The module with DTV index `id`, if its TLS is static.
    ///
    /// # Safety
    /// The loader does not change its table meanwhile: the caller holds one of its locks, or no other thread loads.
    pub(super) unsafe fn find(&self, id: usize) -> Option<Module> {
        // SAFETY: the loader's list; blocks are only ever appended, and the offsets are the loader's own.
        unsafe {
            let (mut block, mut first) = (*self.list, 0);
            while !block.is_null() {
                let length = load::<usize>(block, self.length);
                if id - first < length {
                    let entry = block.add(self.entries + (id - first) * self.entry_size);
                    let map = load::<*const u8>(entry, self.map);
                    let offset = if map.is_null() { 0 } else { load::<usize>(map, self.map_offset) };
                    // 0: not static; -1: never to be static (include/link.h).
                    return (offset != 0 && offset != usize::MAX)
                        .then(|| Module { generation: load(entry, self.generation), offset });
                }
                first += length;
                block = load(block, self.next);
            }
            None
        }
    }
}

/// Generation up to which every descriptor has the static TLS of every module.
static SYNCED: AtomicUsize = AtomicUsize::new(0);

/// Calls its argument with the `t` of every stack that holds, or is about to hold, a descriptor.
pub type ForEachSlot<'a> = dyn Fn(&mut dyn FnMut(*mut u8)) + 'a;

/// Which libraries' static TLS [`copy_new_tls`] fills in, and how.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Past relocation and before the constructors, under the loader's lock: all that it knows.
    Relocated,
    /// The caller's `dlopen` has returned. What another thread loads meanwhile is left to that thread: a generation is
    /// complete once the loader has brought a thread's own DTV up to it. A constructor may have set variables, so only
    /// what is still zero is filled in.
    Loaded,
}

/// Fills in the static TLS of libraries loaded since, in every descriptor that is older than they are. glibc does
/// this for its own threads (`_dl_init_static_tls`), which it knows from a list that ours are not on. Only libraries
/// of the program's own link-map namespace are seen, as `dl_iterate_phdr` shows no others; and not a library whose
/// TLS became static only because one loaded later refers to it so. Before [`init`](super::init) it does nothing.
///
/// # Safety
/// It is the `moment` that the caller says. No stack that `for_each` names is unmapped meanwhile.
pub unsafe fn copy_new_tls(moment: Moment, for_each: &ForEachSlot) {
    let Some(l) = LAYOUT.try_get() else { return };
    let synced = SYNCED.load(Ordering::Acquire);
    // SAFETY: the calling thread's own descriptor.
    let last = if moment == Moment::Loaded { unsafe { tls::generation(current()) } } else { usize::MAX };
    let mut newest = synced;
    for_each_object(&mut |object| {
        let Some(header) = tls_header(object) else { return };
        // SAFETY: dl_iterate_phdr keeps an object that it shows from being unloaded.
        let Some(module) = (unsafe { l.modules.find(object.dlpi_tls_modid) }) else { return };
        if module.generation <= synced || module.generation > last {
            return;
        }
        newest = newest.max(module.generation);
        let (start, length) = ((object.dlpi_addr + header.p_vaddr) as *const u8, header.p_memsz as usize);
        // SAFETY: the image is mapped while the object is.
        let image = unsafe { core::slice::from_raw_parts(start, header.p_filesz as usize) };
        for_each(&mut |t| {
            // SAFETY: stacks are mapped by contract; the loader chose the offset.
            unsafe { tls::bring_up(t, module.generation, module.offset, image, length, moment) }
        });
    });
    SYNCED.fetch_max(newest, Ordering::AcqRel);
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
