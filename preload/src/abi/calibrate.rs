//! What only a thread made by glibc itself can tell: it is made once, looked at from inside, and joined.

use super::layout::{KEPT, Layout, MEASURED, Measured, layout};
use super::library::{Unsupported, expect};
use super::objects::data_of_libc;
use super::raw::{current, load};
use core::cell::Cell;
use core::ffi::{c_int, c_long, c_void};
use core::mem::MaybeUninit;
use core::ptr::{null, null_mut};
use iopatch_runtime::arch::syscall;

/// What the thread returns, to be found in its descriptor. No such pointer exists.
const TOKEN: usize = 0xa5c3_1e87_d24b_690f;
/// <pthread.h>; and the value the flags then have.
const PTHREAD_CANCEL_DISABLE: c_int = 1;
/// Guard and stack no thread asks for: five pages, and an odd number of pages.
const GUARD: usize = 5 * 4096;
const STACK: usize = 67 * 4096;

/// Makes and joins one native thread with all signals blocked, and measures its descriptor. As a side effect the
/// process is multi-threaded for glibc from now on: `__libc_single_threaded` and `SINGLE_THREAD_P` are false, stdio
/// locks. Costs about 60 us. Later calls do nothing.
///
/// The caller, which waits for the thread, may hold the loader's lock, or one of the program's malloc: so whatever may take
/// a lock is done by the caller.
///
/// # Errors
/// [`Unsupported`]; `NoThread(errno)` if the thread could not be made, in which case it may be tried again.
///
/// # Safety
/// After [`super::init`]; one call at a time; on a native thread.
pub unsafe fn calibrate() -> Result<(), Unsupported> {
    if MEASURED.try_get().is_some() {
        return Ok(());
    }
    // SAFETY: the caller's promise.
    unsafe {
        verify_keys(layout(), current())?;
        MEASURED.set(measure(layout())?);
    }
    Ok(())
}

/// Confirms on the caller's descriptor `t` what keys do to it, and where libc has them.
unsafe fn verify_keys(l: &Layout, t: *mut u8) -> Result<(), Unsupported> {
    unsafe extern "C" fn nothing(_: *mut c_void) {}
    let native = &l.native;
    let mut key = 0;
    // SAFETY: a key of our own, gone before this returns; both are live objects of libc.
    unsafe {
        expect((native.key_create)(&mut key, Some(nothing)) == 0, "no free key")?;
        let set = (native.setspecific)(key, (&raw const key).cast()) == 0;
        let (flag, entry) = (load::<u8>(t, l.specific_used), &*l.keys.add(key as usize));
        let destructor = entry.destructor.map(|function| function as usize);
        let known = entry.seq & 1 == 1 && destructor == Some(nothing as *const () as usize);
        (native.setspecific)(key, null());
        (native.key_delete)(key);
        expect(set && flag == 1, "flag of keys after use")?;
        expect(known, "table of keys")
    }
}

/// Measures a native thread of known stack and guard: by what itself sees, then by what is left when it has ended.
unsafe fn measure(l: &Layout) -> Result<Measured, Unsupported> {
    let native = &l.native;
    let mut view = View { hints: hints(l, current())?, seen: Err(Unsupported::Mismatch("a thread's own view")) };
    // SAFETY: the attributes are initialised before they are used; `view` outlives the thread, which is joined.
    unsafe {
        let mut thread = 0;
        let code = create(l, &mut thread, &mut view);
        if code != 0 {
            return Err(Unsupported::NoThread(code));
        }
        let t = thread as *mut u8;
        let mut attr = MaybeUninit::uninit();
        let known = (native.getattr)(thread, attr.as_mut_ptr()) == 0;
        wait_for_end(l, t);
        let found = if known { remains(l, t, attr.as_mut_ptr()) } else { None };
        (native.join)(thread, null_mut());
        expect(known, "attributes of a thread")?;
        let (seen, (stack, result)) = (view.seen?, found.ok_or(Unsupported::Mismatch("stack block or result"))?);
        Ok(Measured { stack, result, ..seen })
    }
}

unsafe fn create(l: &Layout, thread: &mut libc::pthread_t, view: &mut View) -> c_int {
    // SAFETY: the attributes are initialised before they are used; the caller waits for the thread.
    unsafe {
        let (mut attr, mut mask) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        libc::pthread_attr_init(attr.as_mut_ptr());
        libc::sigfillset(mask.as_mut_ptr());
        (l.native.setsigmask)(attr.as_mut_ptr(), mask.as_ptr());
        libc::pthread_attr_setguardsize(attr.as_mut_ptr(), GUARD);
        libc::pthread_attr_setstacksize(attr.as_mut_ptr(), l.tls_size.next_multiple_of(4096) + STACK);
        let code = (l.native.create)(thread, attr.as_ptr(), observe, (&raw mut *view).cast());
        libc::pthread_attr_destroy(attr.as_mut_ptr());
        code
    }
}

/// Waits until the kernel has ended the thread, which clears the tid in its descriptor `t`.
///
/// # Safety
/// The thread is not joined meanwhile.
unsafe fn wait_for_end(l: &Layout, t: *mut u8) {
    static MOMENT: libc::timespec = libc::timespec { tv_sec: 0, tv_nsec: 1_000_000 };
    let call = |number: c_long, args: [usize; 4]| {
        let [a, b, c, d] = args;
        // SAFETY: FUTEX_WAIT of the word below, which the kernel wakes; getpid and the question by signal 0 change nothing.
        // libc's own would set errno, which pthread_create(3) must not.
        unsafe { syscall(number as usize, [a, b, c, d, 0, 0]) }
    };
    // SAFETY: the caller's promise.
    let word = unsafe { t.add(l.tid).cast::<c_int>() };
    // SAFETY: as above.
    let (tid, process) = (unsafe { word.read_volatile() } as usize, call(libc::SYS_getpid, [0; 4]) as usize);
    while tid != 0 && call(libc::SYS_tgkill, [process, tid, 0, 0]) == 0 {
        call(libc::SYS_futex, [word as usize, libc::FUTEX_WAIT as usize, tid, &raw const MOMENT as usize]);
    }
}

/// What the maker of the measured thread and the thread tell each other.
struct View {
    hints: [usize; MOST_WORDS],
    seen: Result<Measured, Unsupported>,
}

extern "C" fn observe(view: *mut c_void) -> *mut c_void {
    // SAFETY: the maker waits for this thread.
    let view = unsafe { &mut *view.cast::<View>() };
    // SAFETY: this is the thread.
    view.seen = unsafe { look(layout(), current(), &view.hints) };
    TOKEN as *mut c_void
}

/// The most words in libc's TLS.
const MOST_WORDS: usize = 128;

/// libc's block of the thread `t`, by words.
///
/// # Safety
/// `t` is the running thread's descriptor.
unsafe fn libc_words<'a>(l: &Layout, t: *mut u8) -> Result<&'a [Cell<usize>], Unsupported> {
    let words = l.libc.length / 8;
    expect(words <= MOST_WORDS, "size of libc's TLS")?;
    // SAFETY: the block is there, and not accessed by others.
    Ok(unsafe { core::slice::from_raw_parts(t.offset(l.libc.start).cast(), words) })
}

/// The words of the caller's block that lead to variables of libc's, others as 0: one of them may lead to malloc's main arena.
fn hints(l: &Layout, t: *mut u8) -> Result<[usize; MOST_WORDS], Unsupported> {
    let data = data_of_libc()?;
    let mut hints = [0; MOST_WORDS];
    // SAFETY: `t` is the caller's own descriptor.
    let words = unsafe { libc_words(l, t)? };
    for (hint, word) in hints.iter_mut().zip(words) {
        *hint = if data.contains(&word.get()) { word.get() } else { 0 };
    }
    Ok(hints)
}

/// The words of libc's TLS that the first allocation of a thread changes.
///
/// A thread that has no arena yet is given a new one: 64 MiB of addresses, which a program under RLIMIT_AS may need. So it is
/// told that it has the main one, where the word for it can be guessed: it leads to a variable of libc's in the maker, and
/// nowhere in a new thread. The chunk shows whether the guess was right.
unsafe fn malloc_words(
    l: &Layout,
    t: *mut u8,
    hints: &[usize; MOST_WORDS],
) -> Result<([isize; KEPT], usize), Unsupported> {
    /// In the word below a chunk (glibc malloc.c): it is of another arena than the main one.
    const NON_MAIN_ARENA: usize = 4;
    // SAFETY: `t` is the running thread's descriptor.
    let block = unsafe { libc_words(l, t)? };
    let mut before = [0; MOST_WORDS];
    before.iter_mut().zip(block).for_each(|(old, word)| *old = word.get());
    let mut guesses = block.iter().zip(hints).filter(|(word, hint)| word.get() == 0 && **hint != 0);
    let guess = guesses.next().filter(|_| guesses.next().is_none());
    if let Some((word, hint)) = guess {
        word.set(*hint);
    }
    // Of libc's malloc, even if the program brings its own: that one's locks may be held by who waits for this thread.
    // SAFETY: freed at once. Larger than the smallest bins, so that both tcache and arena are set up.
    let right = unsafe {
        let chunk = core::hint::black_box((l.native.malloc)(600));
        let right = !chunk.is_null() && *chunk.cast::<usize>().sub(1) & NON_MAIN_ARENA == 0;
        (l.native.free)(chunk);
        right
    };
    if let Some((word, _)) = guess.filter(|_| !right) {
        word.set(0);
    }
    let (mut found, mut count) = ([0; KEPT], 0);
    for (index, (old, word)) in before.iter().zip(block).enumerate() {
        if *old != word.get() {
            expect(count < KEPT, "malloc's words")?;
            found[count] = l.libc.start + 8 * index as isize;
            count += 1;
        }
    }
    if let Some((word, _)) = guess.filter(|_| right) {
        // The arena does not count this thread, which would leave it at its end.
        word.set(0);
    }
    Ok((found, count))
}

/// What the measured thread, whose descriptor is `t`, sees itself. It takes no lock but those of libc's malloc.
unsafe fn look(l: &Layout, t: *mut u8, hints: &[usize; MOST_WORDS]) -> Result<Measured, Unsupported> {
    // SAFETY: all of it concerns the running thread and its own descriptor; nothing allocates before `malloc_words`.
    unsafe {
        expect(load::<u8>(t, l.specific_used) == 0, "flag of keys before use")?;
        let (malloc, malloc_words) = malloc_words(l, t, hints)?;
        expect(load::<c_int>(t, l.tid) as c_long == (l.native.syscall)(libc::SYS_gettid), "tid of a thread")?;
        expect(load::<u8>(t, l.specific_used + 2) == 0, "user_stack of a thread")?;

        let mut old = 0;
        (l.native.setcancelstate)(PTHREAD_CANCEL_DISABLE, &mut old);
        let disabled = load::<c_int>(t, l.cancelhandling);
        (l.native.setcancelstate)(old, null_mut());
        expect(
            disabled == PTHREAD_CANCEL_DISABLE && load::<c_int>(t, l.cancelhandling) == 0,
            "cancellation flags of a thread",
        )?;

        let (low, top) = ((&raw const old as usize) & !4095, t as usize);
        expect((low..top).contains(&load(t, l.cancelhandling - 8)), "cleanup_jmp_buf of a thread")?;
        expect(load::<usize>(t, l.cancelhandling - 16) == 0, "cleanup of a thread")?;
        let resolver = ((l.native.res_state)() as usize).wrapping_sub(t as usize);
        expect(resolver < l.size && load::<usize>(t.offset(l.resp), 0) == t as usize + resolver, "resolver state")?;
        Ok(Measured { stack: 0, result: 0, resolver, malloc, malloc_words })
    }
}

/// Where the stack and the result are in the descriptor `t` of the thread, which has ended. `attr`, which tells the stack,
/// is given back.
unsafe fn remains(l: &Layout, t: *mut u8, attr: *mut libc::pthread_attr_t) -> Option<(usize, usize)> {
    let (mut low, mut size, mut guard) = (null_mut(), 0, 0);
    // SAFETY: the caller's attributes; the descriptor of a thread that was not joined.
    unsafe {
        libc::pthread_attr_getstack(attr, &mut low, &mut size);
        libc::pthread_attr_getguardsize(attr, &mut guard);
        libc::pthread_attr_destroy(attr);
        let top = low as usize + size;
        let stack = find(l, t, |[block, length, inner, reported]: [usize; 4]| {
            block.wrapping_add(length) == top && length.wrapping_sub(inner) == size && reported == guard
        })?;
        let result = find(l, t, |word: [usize; 1]| word == [TOKEN])?;
        Some((stack, result))
    }
}

/// The offset in the descriptor `t` of the only run of words that `wanted` accepts.
unsafe fn find<const N: usize>(l: &Layout, t: *mut u8, wanted: impl Fn([usize; N]) -> bool) -> Option<usize> {
    let mut places = (l.specific..=l.size - 8 * N)
        .step_by(8)
        // SAFETY: inside the descriptor.
        .filter(|&at| wanted(unsafe { load(t, at) }));
    places.next().filter(|_| places.next().is_none())
}
