//! Thread-local storage of one descriptor: the TCB's head, the DTV, and the static TLS below.

use super::layout::{FOOTER, KEPT, Layout, footer, layout};
use super::library::{Unsupported, expect, field};
use super::raw::{Dtv, Header, current, load, store};
use core::sync::atomic::{AtomicUsize, Ordering};

/// The DTV of `t`.
///
/// # Safety
/// `t` is a descriptor, or zeroes.
pub(super) unsafe fn dtv(t: *const u8) -> *mut Dtv {
    // SAFETY: the caller's promise; word 8 of the TCB is the DTV by the x86-64 TLS ABI.
    unsafe { load(t, 8) }
}

/// Gives `t` a DTV that another descriptor had.
///
/// # Safety
/// `t` is nobody's, and the DTV as well.
pub(super) unsafe fn set_dtv(t: *mut u8, dtv: *mut Dtv) {
    // SAFETY: the caller's promise.
    unsafe { store(t, 8, dtv) }
}

/// Confirms the DTV's shape on the calling thread's descriptor: libc's entry must lead to libc's block.
pub(super) fn verify(l: &Layout, t: *const u8) -> Result<(), Unsupported> {
    expect(field(c"_thread_db_dtv_dtv")?.bits as usize == 8 * size_of::<Dtv>(), "dtv entry")?;
    // SAFETY: the calling thread's own descriptor and DTV, whose length entry -1 states.
    unsafe {
        let dtv = dtv(t);
        expect((*dtv.sub(1)).value >= l.libc.module, "dtv length")?;
        expect((*dtv.add(l.libc.module)).value as isize - t as isize == l.libc.start, "libc's dtv entry")?;
    }
    // SAFETY: as above; the loader's table is only read.
    let libc_module = unsafe { l.modules.find(l.libc.module) }.ok_or(Unsupported::Mismatch("table of TLS modules"))?;
    expect(libc_module.offset as isize == -l.libc.start, "offset of libc's TLS")
}

/// Our word behind the descriptor. It says which libraries the static TLS below it knows, and keeps apart the two that
/// write there: who makes or renews the descriptor, and the loader ([`copy_new_tls`](super::copy_new_tls)).
pub(super) struct Footer {
    /// [`NONE`], [`BUSY`], or one more than the loader's TLS generation at which the static TLS was filled in.
    state: AtomicUsize,
}

const _: () = assert!(size_of::<Footer>() == FOOTER);

/// Zeroed memory: no descriptor yet.
const NONE: usize = 0;
/// Somebody is writing.
const BUSY: usize = usize::MAX;

unsafe fn footer_of<'a>(t: *mut u8) -> &'a Footer {
    // SAFETY: `tcb_size` reserves the footer behind every descriptor of ours; it is atomic, so sharing is sound.
    unsafe { &*t.add(footer(layout().size)).cast::<Footer>() }
}

impl Footer {
    /// Waits for the other writer, whose work is a few copies, and returns the state it left.
    fn lock(&self) -> usize {
        loop {
            match self.state.swap(BUSY, Ordering::AcqRel) {
                BUSY => core::hint::spin_loop(),
                state => return state,
            }
        }
    }
}

/// Fills in DTV and static TLS for the libraries loaded by now.
unsafe fn fill(t: *mut u8, keep: &[isize]) {
    let mut kept = [0usize; KEPT];
    // SAFETY: nobody runs on `t`, and the footer keeps the loader out; `keep` lies in libc's static TLS.
    unsafe {
        let footer = footer_of(t);
        footer.lock();
        for (word, &at) in kept.iter_mut().zip(keep) {
            *word = t.offset(at).cast::<usize>().read();
        }
        (layout().functions.allocate_tls_init)(t, true);
        for (&word, &at) in kept.iter().zip(keep) {
            t.offset(at).cast::<usize>().write(word);
        }
        footer.state.store((*dtv(t)).value + 1, Ordering::Release);
    }
}

/// Gives the zeroed descriptor `t` a DTV and its static TLS. False when memory is short.
///
/// # Safety
/// `t` is not in use, and `tls_size` bytes below it are ours.
pub(super) unsafe fn allocate(t: *mut u8) -> bool {
    // SAFETY: `t` is a zeroed descriptor, which is what ld.so expects. It allocates and fills in; since it allocates
    // with malloc, it is not let near the footer's lock, and what the loader may have missed is filled in once more.
    unsafe {
        let done = !(layout().functions.allocate_tls)(t).is_null();
        if done {
            fill(t, &[]);
        }
        done
    }
}

/// Gives the finished descriptor `t` the TLS of a new thread, as glibc's `get_cached_stack` does; the words in
/// `keep` (offsets from `t`: malloc's) survive, since their thread did not end for malloc.
///
/// # Safety
/// `t` was made by [`allocate`], or is zeroed memory with such a one's DTV, and is not running.
pub(super) unsafe fn renew(t: *mut u8, keep: &[isize]) {
    // SAFETY: nobody runs on `t`; the DTV belongs to it, and its length is stated in entry -1. What `to_free` leads to
    // came from malloc, which ld.so shares with us.
    unsafe {
        let entries = dtv(t);
        let length = (*entries.sub(1)).value;
        for index in 1..=length {
            let block = (*entries.add(index)).to_free;
            if !block.is_null() {
                libc::free(block);
            }
        }
        entries.write_bytes(0, length + 1);
        fill(t, keep);
    }
}

/// Which libraries' static TLS [`copy_new_tls`](super::copy_new_tls) fills in, and how.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Past relocation and before the constructors, under the loader's lock: all that it knows.
    Relocated,
    /// The caller's `dlopen` has returned. What another thread loads meanwhile is left to that thread: a generation is
    /// complete once the loader has brought a thread's own DTV up to it. A constructor may have set variables, so only
    /// what is still zero is filled in.
    Loaded,
}

/// Fills in `length` bytes of a module's static TLS, `offset` below `t`, from the `image` that it begins with, if the
/// static TLS of `t` is older than `generation`, when the module was loaded.
///
/// # Safety
/// `t` is in a mapped stack, and the loader has given that place to the module.
pub(super) unsafe fn bring_up(
    t: *mut u8,
    generation: usize,
    offset: usize,
    image: &[u8],
    length: usize,
    moment: Moment,
) {
    // SAFETY: where there is no descriptor yet, nothing is touched: whoever makes one takes the loader's TLS lock after
    // this look, and so sees the module. Else the footer keeps `fill` out.
    unsafe {
        let footer = footer_of(t);
        if footer.state.load(Ordering::SeqCst) == NONE {
            return;
        }
        let state = footer.lock();
        if state <= generation {
            let block = t.sub(offset);
            if moment == Moment::Relocated {
                block.copy_from_nonoverlapping(image.as_ptr(), image.len());
                block.add(image.len()).write_bytes(0, length - image.len());
            } else if core::slice::from_raw_parts(block, length).iter().all(|&byte| byte == 0) {
                block.copy_from_nonoverlapping(image.as_ptr(), image.len());
            }
        }
        footer.state.store(state, Ordering::Release);
    }
}

/// The loader's generation up to which it has told the thread `t` of new libraries.
///
/// # Safety
/// `t` is the calling thread's descriptor.
pub(super) unsafe fn generation(t: *mut u8) -> usize {
    // SAFETY: the caller's promise; entry 0 of a DTV is the generation.
    unsafe { (*dtv(t)).value }
}

/// Whether the calling thread has a shadow stack (CET), which knows where each function returns.
pub fn has_shadow_stack() -> bool {
    const SHSTK: u32 = 2;
    // SAFETY: the calling thread's descriptor begins with this header.
    unsafe { (*current().cast::<Header>()).feature_1 & SHSTK != 0 }
}
