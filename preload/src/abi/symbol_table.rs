//! An object's symbol table, as the loader reads it (ELF gABI; the hash is GNU's).

use super::objects;
use core::ffi::CStr;
use core::ops::Range;
use core::sync::atomic::{AtomicU64, Ordering};
use libc::{Elf64_Phdr, Elf64_Sym, PF_R, PF_W, PF_X, PROT_EXEC, PROT_READ, PROT_WRITE, PT_DYNAMIC, PT_LOAD};

// <elf.h>.
const DT_NULL: i64 = 0;
const DT_STRTAB: i64 = 5;
const DT_SYMTAB: i64 = 6;
const DT_GNU_HASH: i64 = 0x6fff_fef5;
const STT_FUNC: u8 = 2;

#[repr(C)]
struct Dynamic {
    tag: i64,
    value: usize,
}

/// GNU's hash: after this header come the filter, the buckets, and the chains, each a run of symbols.
#[repr(C)]
struct Hash {
    buckets: u32,
    first: u32,
    filter: u32,
    shift: u32,
}

/// The functions that an object exports.
pub struct SymbolTable {
    base: usize,
    symbols: *mut Elf64_Sym,
    names: *const u8,
    hash: *const Hash,
    /// What of the object `symbols` is in.
    segment: Elf64_Phdr,
    /// From the object's first byte to its last.
    bytes: Range<usize>,
}

impl SymbolTable {
    /// That of the object that `address` is in; None if it has no such hash.
    ///
    /// # Safety
    /// The object is never unloaded.
    pub unsafe fn of(address: usize) -> Option<Self> {
        let mut found = None;
        objects::for_each_object(&mut |object| {
            if objects::covers(object, address) {
                // SAFETY: the loader has mapped the object, and keeps it, by the caller's promise.
                found = unsafe { Self::read(object.dlpi_addr as usize, objects::headers(object)) };
            }
        });
        found
    }

    /// # Safety
    /// An object that the loader has mapped at `base`, with these headers, and keeps.
    unsafe fn read(base: usize, headers: &[Elf64_Phdr]) -> Option<Self> {
        let dynamic = headers.iter().find(|header| header.p_type == PT_DYNAMIC)?;
        let first = (base + dynamic.p_vaddr as usize) as *const Dynamic;
        let address = |tag| {
            // SAFETY: the array ends with DT_NULL.
            let mut entries = (0..).map(|n| unsafe { &*first.add(n) }).take_while(|entry| entry.tag != DT_NULL);
            let value = entries.find(|entry| entry.tag == tag)?.value;
            // The loader has made addresses of offsets, where it could write.
            Some(if value < base { base + value } else { value })
        };
        let symbols = address(DT_SYMTAB)?;
        let end = |header: &Elf64_Phdr| base + (header.p_vaddr + header.p_memsz) as usize;
        // In the order of their addresses.
        let mut segments = headers.iter().filter(|header| header.p_type == PT_LOAD);
        let segment = *segments.find(|header| symbols < end(header))?;
        Some(Self {
            base,
            symbols: symbols as *mut Elf64_Sym,
            names: address(DT_STRTAB)? as *const u8,
            hash: address(DT_GNU_HASH)? as *const Hash,
            segment,
            bytes: base..segments.next_back().map_or(end(&segment), end),
        })
    }

    /// Whether `address` is in the object.
    pub fn covers(&self, address: usize) -> bool {
        self.bytes.contains(&address)
    }

    /// The address of the function `name`, in whatever version.
    pub fn find(&self, name: &CStr) -> Option<usize> {
        // SAFETY: a symbol of the table.
        self.entries(name).next().map(|symbol| unsafe { self.base.wrapping_add((*symbol).st_value as usize) })
    }

    /// Runs `change` while the table can be written; false if that is refused.
    pub fn open(&self, change: impl FnOnce(&Open)) -> bool {
        const PAGE: usize = 4096;
        let Elf64_Phdr { p_vaddr, p_memsz, p_flags, .. } = self.segment;
        let end = self.base + (p_vaddr + p_memsz) as usize;
        let start = (self.base + p_vaddr as usize) & !(PAGE - 1);
        let protect = |more| {
            let kinds = [(PF_R, PROT_READ), (PF_W, PROT_WRITE), (PF_X, PROT_EXEC)];
            let as_mapped = kinds.iter().filter(|(flag, _)| p_flags & flag != 0).fold(0, |all, (_, kind)| all | kind);
            // SAFETY: what could be read or run can still be; only `Open::set` writes.
            unsafe { libc::mprotect(start as *mut _, end - start, as_mapped | more) == 0 }
        };
        protect(PROT_WRITE) && {
            change(&Open(self));
            protect(0)
        }
    }

    /// The functions of this name, one for each version.
    fn entries(&self, name: &CStr) -> impl Iterator<Item = *mut Elf64_Sym> {
        let wanted = name.to_bytes().iter().fold(5381u32, |hash, &c| hash.wrapping_mul(33).wrapping_add(c.into()));
        // SAFETY: as the linker has made it: the parts follow each other, and a chain ends with an odd hash.
        unsafe {
            let Hash { buckets, first, filter, .. } = *self.hash;
            let heads = self.hash.add(1).cast::<u64>().add(filter as usize).cast::<u32>();
            let chains = heads.add(buckets as usize);
            let head = *heads.add((wanted % buckets) as usize);
            // An empty bucket has a head of 0.
            let chain = core::iter::successors((head >= first).then_some(head), move |&index| {
                (*chains.add((index - first) as usize) & 1 == 0).then_some(index + 1)
            });
            chain
                .filter(move |&index| *chains.add((index - first) as usize) | 1 == wanted | 1)
                .map(|index| self.symbols.add(index as usize))
                .filter(move |&symbol| {
                    let Elf64_Sym { st_name, st_info, st_shndx, .. } = *symbol;
                    let is_function = st_info & 15 == STT_FUNC && st_shndx != 0;
                    is_function && CStr::from_ptr(self.names.add(st_name as usize).cast()) == name
                })
        }
    }
}

/// A table that can be written.
pub struct Open<'a>(&'a SymbolTable);

impl Open<'_> {
    /// From here on who looks `name` up in the object finds `address`, whatever version they ask for.
    pub fn set(&self, name: &CStr, address: usize) {
        for symbol in self.0.entries(name) {
            // SAFETY: the segment can be written, and other threads only read whole words.
            let value = unsafe { AtomicU64::from_ptr(&raw mut (*symbol).st_value) };
            value.store(address.wrapping_sub(self.0.base) as u64, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SymbolTable;

    #[test]
    fn functions_are_found_as_the_loader_finds_them() {
        let libcs = libc::gnu_get_libc_version as *const () as usize;
        // SAFETY: libc is never unloaded.
        let table = unsafe { SymbolTable::of(libcs) }.unwrap();
        for name in [c"sem_post", c"__read", c"gsignal", c"gnu_get_libc_version"] {
            // SAFETY: the name ends with a NUL.
            let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) } as usize;
            assert!(table.covers(found));
            assert_eq!(table.find(name), Some(found), "{name:?}");
        }
        assert!(table.entries(c"pthread_cond_wait").count() > 1, "one for each version");
        assert_eq!(table.find(c"no_such_function"), None);
        // Data is no function.
        assert_eq!(table.find(c"environ"), None);
    }
}
