//! The loader's table of objects with thread-local storage, and those that come when threads already run.

use super::discover::{field, size_of_struct};
use super::layout::{LAYOUT, load};
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

fn for_each_object(visit: &mut dyn FnMut(&libc::dl_phdr_info)) {
    unsafe extern "C" fn each(object: *mut libc::dl_phdr_info, _: usize, visit: *mut c_void) -> c_int {
        // SAFETY: dl_iterate_phdr passes a valid object, and the pointer handed to it below.
        unsafe { (*visit.cast::<&mut dyn FnMut(&libc::dl_phdr_info)>())(&*object) };
        0
    }
    let mut visit = visit;
    // SAFETY: `each` casts the pointer back to what it is, and is called only before this returns.
    unsafe { libc::dl_iterate_phdr(Some(each), (&raw mut visit).cast()) };
}

fn headers(object: &libc::dl_phdr_info) -> &[libc::Elf64_Phdr] {
    // SAFETY: the loader keeps an object's program headers mapped as long as it reports the object.
    unsafe { core::slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()) }
}

fn tls_header(object: &libc::dl_phdr_info) -> Option<&libc::Elf64_Phdr> {
    headers(object).iter().find(|header| header.p_type == libc::PT_TLS)
}

fn covers(object: &libc::dl_phdr_info, address: usize) -> bool {
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

/// Calls its argument with the `t` of every slot that holds, or is about to hold, a descriptor.
pub type ForEachSlot<'a> = dyn Fn(&mut dyn FnMut(*mut u8)) + 'a;

/// Fills in the static TLS of libraries loaded since, in every descriptor that is older than they are. glibc does
/// this for its own threads (`_dl_init_static_tls`), which it knows from a list that ours are not on. Only libraries
/// of the program's own link-map namespace are seen, as `dl_iterate_phdr` shows no others; and not a library whose
/// TLS became static only because one loaded later refers to it so. Before [`init`](super::init) it does nothing.
///
/// # Safety
/// The caller is inside the loader's `dlopen`, past relocation and before the constructors: that is where ld.so calls
/// `_dl_catch_exception (NULL, ...)` through its PLT, so an export of that name sees the moment. The loader's lock
/// is held there, so that there is one such call at a time. No slot that `for_each` names is unmapped meanwhile.
pub unsafe fn copy_new_tls(for_each: &ForEachSlot) {
    let Some(l) = LAYOUT.try_get() else { return };
    let synced = SYNCED.load(Ordering::Acquire);
    let mut newest = synced;
    for_each_object(&mut |object| {
        let Some(header) = tls_header(object) else { return };
        // SAFETY: the loader's lock is held by contract.
        let Some(module) = (unsafe { l.modules.find(object.dlpi_tls_modid) }) else { return };
        if module.generation <= synced {
            return;
        }
        newest = newest.max(module.generation);
        let (start, length) = ((object.dlpi_addr + header.p_vaddr) as *const u8, header.p_memsz as usize);
        // SAFETY: the image is mapped while the object is.
        let image = unsafe { core::slice::from_raw_parts(start, header.p_filesz as usize) };
        // SAFETY: slots are mapped by contract; the loader chose the offset.
        for_each(&mut |t| unsafe { tls::bring_up(t, module.generation, module.offset, image, length) });
    });
    SYNCED.store(newest, Ordering::Release);
}
