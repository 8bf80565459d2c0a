//! What only a thread made by glibc itself can tell: it is made once, looked at from inside, and joined.

use super::discover::real_syscall;
use super::layout::{Layout, current, layout, load};
use super::library::{Unsupported, WriteOnce, expect, function};
use core::ffi::{c_int, c_void};
use core::mem::MaybeUninit;
use core::ptr::null_mut;

/// How many words of libc's TLS malloc may use.
pub(super) const KEPT: usize = 4;

/// Offsets into `struct pthread` (and, for `malloc`, of libc's TLS relative to `t`), in bytes.
#[derive(Clone, Copy)]
pub(super) struct Measured {
    /// `stackblock`, then `stackblock_size`, `guardsize`, `reported_guardsize`: four words.
    pub stack: usize,
    /// `result`: what the thread returned, or passed to `pthread_exit`, or `PTHREAD_CANCELED`.
    pub result: usize,
    /// `res`, the resolver's state.
    pub resolver: usize,
    /// malloc's words in libc's TLS (tcache, arena); none if the program brings a malloc of its own.
    malloc: [isize; KEPT],
    malloc_words: usize,
}

impl Measured {
    pub(super) fn malloc(&self) -> &[isize] {
        &self.malloc[..self.malloc_words]
    }
}

static MEASURED: WriteOnce<Measured> = WriteOnce::new();

pub(super) fn measured() -> &'static Measured {
    MEASURED.get()
}

type Start = extern "C" fn(*mut c_void) -> *mut c_void;
type Destructor = unsafe extern "C" fn(*mut c_void);
pub(super) type Create =
    unsafe extern "C" fn(*mut libc::pthread_t, *const libc::pthread_attr_t, Start, *mut c_void) -> c_int;
pub(super) type Join = unsafe extern "C" fn(libc::pthread_t, *mut *mut c_void) -> c_int;

/// glibc's functions, under the names that this library exports itself.
struct Real {
    create: Create,
    join: Join,
    getattr: unsafe extern "C" fn(libc::pthread_t, *mut libc::pthread_attr_t) -> c_int,
    key_create: unsafe extern "C" fn(*mut libc::pthread_key_t, Option<Destructor>) -> c_int,
    key_delete: unsafe extern "C" fn(libc::pthread_key_t) -> c_int,
    setspecific: unsafe extern "C" fn(libc::pthread_key_t, *const c_void) -> c_int,
    setcancelstate: unsafe extern "C" fn(c_int, *mut c_int) -> c_int,
    res_state: unsafe extern "C" fn() -> *mut u8,
}

/// What the measured thread and its maker share.
struct Probe {
    real: Real,
    key: libc::pthread_key_t,
    outcome: Result<Measured, Unsupported>,
}

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
/// # Errors
/// [`Unsupported`]; `NoThread(errno)` if the thread could not be made, in which case it may be tried again.
///
/// # Safety
/// After [`super::init`]; one call at a time; on a native thread.
pub unsafe fn calibrate() -> Result<(), Unsupported> {
    if MEASURED.try_get().is_some() {
        return Ok(());
    }
    // SAFETY: the prototypes of <pthread.h> and <resolv.h>.
    let real = unsafe {
        Real {
            create: function(c"pthread_create")?,
            join: function(c"pthread_join")?,
            getattr: function(c"pthread_getattr_np")?,
            key_create: function(c"pthread_key_create")?,
            key_delete: function(c"pthread_key_delete")?,
            setspecific: function(c"pthread_setspecific")?,
            setcancelstate: function(c"pthread_setcancelstate")?,
            res_state: function(c"__res_state")?,
        }
    };
    let mut probe = Probe { real, key: 0, outcome: Err(Unsupported::Mismatch("result")) };
    // SAFETY: `probe` outlives the thread, which is joined; nobody else uses it meanwhile.
    unsafe {
        let code = (probe.real.key_create)(&mut probe.key, Some(at_exit));
        expect(code == 0, "no free key")?;
        let made = spawn(&mut probe);
        (probe.real.key_delete)(probe.key);
        made?;
        MEASURED.set(probe.outcome?);
    }
    Ok(())
}

/// Runs [`observe`] on a native thread of known stack and guard.
unsafe fn spawn(probe: &mut Probe) -> Result<(), Unsupported> {
    // SAFETY: the attribute is initialised before use and destroyed after; glibc 2.32+ has setsigmask_np.
    unsafe {
        let setsigmask: unsafe extern "C" fn(*mut libc::pthread_attr_t, *const libc::sigset_t) -> c_int =
            function(c"pthread_attr_setsigmask_np")?;
        let (mut attr, mut mask) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        libc::pthread_attr_init(attr.as_mut_ptr());
        libc::sigfillset(mask.as_mut_ptr());
        setsigmask(attr.as_mut_ptr(), mask.as_ptr());
        libc::pthread_attr_setguardsize(attr.as_mut_ptr(), GUARD);
        libc::pthread_attr_setstacksize(attr.as_mut_ptr(), layout().tls_size.next_multiple_of(4096) + STACK);
        let mut thread = 0;
        let code = (probe.real.create)(&mut thread, attr.as_ptr(), observe, (&raw mut *probe).cast());
        libc::pthread_attr_destroy(attr.as_mut_ptr());
        if code != 0 {
            return Err(Unsupported::NoThread(code));
        }
        (probe.real.join)(thread, null_mut());
    }
    Ok(())
}

extern "C" fn observe(probe: *mut c_void) -> *mut c_void {
    // SAFETY: `spawn` passes its probe and waits.
    unsafe {
        let probe = &mut *probe.cast::<Probe>();
        probe.outcome = measure(&probe.real, probe.key, layout(), current());
        (probe.real.setspecific)(probe.key, (&raw mut *probe).cast());
    }
    TOKEN as *mut c_void
}

/// The key's destructor: runs when the thread has returned and its result is in the descriptor.
unsafe extern "C" fn at_exit(probe: *mut c_void) {
    // SAFETY: the value is what `observe` set: the probe, which `spawn` keeps alive.
    let probe = unsafe { &mut *probe.cast::<Probe>() };
    probe.outcome = probe.outcome.and_then(|found| {
        // SAFETY: the running thread's own descriptor.
        let result = unsafe { find(layout(), current(), |word: [usize; 1]| word == [TOKEN]) };
        Ok(Measured { result: result.ok_or(Unsupported::Mismatch("result"))?, ..found })
    });
}

/// The words of libc's TLS that the first allocation of a thread changes.
unsafe fn malloc_words(l: &Layout, t: *mut u8) -> Result<([isize; KEPT], usize), Unsupported> {
    const MOST: usize = 128;
    let words = l.libc.length / 8;
    expect(words <= MOST, "size of libc's TLS")?;
    // SAFETY: libc's block of the running thread; it is not accessed by others.
    let block = unsafe { core::slice::from_raw_parts(t.offset(l.libc.start).cast::<core::cell::Cell<usize>>(), words) };
    let mut before = [0; MOST];
    before.iter_mut().zip(block).for_each(|(old, word)| *old = word.get());
    // SAFETY: freed at once. Larger than the smallest bins, so that both tcache and arena are set up.
    unsafe { libc::free(core::hint::black_box(libc::malloc(600))) };
    let (mut found, mut count) = ([0; KEPT], 0);
    for (index, (old, word)) in before.iter().zip(block).enumerate() {
        if *old != word.get() {
            expect(count < KEPT, "malloc's words")?;
            found[count] = l.libc.start + 8 * index as isize;
            count += 1;
        }
    }
    Ok((found, count))
}

/// Everything but the result, on the measured thread itself, whose descriptor is `t`.
unsafe fn measure(real: &Real, key: libc::pthread_key_t, l: &Layout, t: *mut u8) -> Result<Measured, Unsupported> {
    // SAFETY: all of it concerns the running thread and its own descriptor; nothing allocates before `malloc_words`.
    unsafe {
        // Before malloc, since the program may bring one that uses keys (jemalloc).
        expect(load::<u8>(t, l.specific_used) == 0, "flag of keys before use")?;
        let (malloc, malloc_words) = malloc_words(l, t)?;
        expect(load::<c_int>(t, l.tid) as i64 == real_syscall()?(libc::SYS_gettid), "tid of a thread")?;
        expect(load::<u8>(t, l.specific_used + 2) == 0, "user_stack of a thread")?;
        (real.setspecific)(key, (&raw const *real).cast());
        expect(load::<u8>(t, l.specific_used) == 1, "flag of keys after use")?;
        let entry = &*l.keys.add(key as usize);
        expect(
            entry.seq & 1 == 1 && entry.destructor.map(|f| f as usize) == Some(at_exit as *const () as usize),
            "table of keys",
        )?;

        let mut old = 0;
        (real.setcancelstate)(PTHREAD_CANCEL_DISABLE, &mut old);
        let disabled = load::<c_int>(t, l.cancelhandling);
        (real.setcancelstate)(old, null_mut());
        expect(
            disabled == PTHREAD_CANCEL_DISABLE && load::<c_int>(t, l.cancelhandling) == 0,
            "cancellation flags of a thread",
        )?;

        let mut attr = MaybeUninit::uninit();
        expect((real.getattr)(t as libc::pthread_t, attr.as_mut_ptr()) == 0, "attributes of a thread")?;
        let (mut low, mut size, mut guard) = (null_mut(), 0, 0);
        libc::pthread_attr_getstack(attr.as_ptr(), &mut low, &mut size);
        libc::pthread_attr_getguardsize(attr.as_ptr(), &mut guard);
        libc::pthread_attr_destroy(attr.as_mut_ptr());
        let top = low as usize + size;
        expect((low as usize..top).contains(&load(t, l.cancelhandling - 8)), "cleanup_jmp_buf of a thread")?;
        expect(load::<usize>(t, l.cancelhandling - 16) == 0, "cleanup of a thread")?;
        let stack = find(l, t, |[block, length, inner, reported]: [usize; 4]| {
            block.wrapping_add(length) == top && length.wrapping_sub(inner) == size && reported == guard
        });
        let resolver = ((real.res_state)() as usize).wrapping_sub(t as usize);
        expect(resolver < l.size && load::<usize>(t.offset(l.resp), 0) == t as usize + resolver, "resolver state")?;
        let stack = stack.ok_or(Unsupported::Mismatch("stack block"))?;
        Ok(Measured { stack, result: 0, resolver, malloc, malloc_words })
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

/// glibc's own `pthread_create` and `pthread_join`.
pub(super) fn real_thread() -> Result<(Create, Join), Unsupported> {
    // SAFETY: the prototypes of <pthread.h>.
    unsafe { Ok((function(c"pthread_create")?, function(c"pthread_join")?)) }
}
