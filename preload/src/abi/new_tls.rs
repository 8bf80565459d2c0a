//! The static TLS of libraries that come when threads already run.

use super::layout::LAYOUT;
use super::objects::{for_each_object, tls_header};
use super::raw::current;
use super::tls::{self, Moment};
use core::sync::atomic::{AtomicUsize, Ordering};

/// Generation up to which every descriptor has the static TLS of every module.
static SYNCED: AtomicUsize = AtomicUsize::new(0);

/// Calls its argument with the `t` of every stack that holds, or is about to hold, a descriptor.
pub type ForEachSlot<'a> = dyn Fn(&mut dyn FnMut(*mut u8)) + 'a;

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
