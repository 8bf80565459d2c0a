//! The loader's table of objects with thread-local storage.

use super::library::{Unsupported, field, next, size_of_struct};
use super::raw::load;

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
    pub(super) generation: usize,
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
