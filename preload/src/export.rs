//! The table as code: a function of libc's name for each row that is not absent, [`real`], libc's own functions, and
//! [`by_number`], the rows as syscall(2) finds them.
//!
//! An export is `extern "C-unwind"` and catches nothing: pthread_exit and cancellation unwind the stack through it.
//!
//! Variadic functions of C (fcntl, ioctl, open, openat, syscall) are exported, and called, with the fixed arguments they
//! can have at most. On x86-64 System V this is sound: integers and pointers go to the same registers either way, and
//! an argument that the caller did not pass is a register with some value, read and passed on but never used, as in
//! glibc's own wrappers. Only `syscall` has a seventh argument, on the stack; that word of the caller's frame is always
//! readable, and glibc reads it just so. In the other direction a variadic callee finds in AL how many vector registers
//! to save; we pass none, and whatever AL holds only decides whether it saves some that it does not look at.

use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use libc::{c_int, c_long, c_uint, c_void};

use crate::config::{Part, is_on, patched};
use crate::hooks;
pub use crate::rows::Family;
use crate::symbols::symbols;
use iopatch_runtime::local;

macro_rules! derive {
    ($(
        $variant:ident $module:ident $part:ident $title:literal {
            $( $verdict:ident $name:ident $(= $alias:ident)* ($($args:tt)*) $(-> $ret:ty)? => $remark:expr $(, $number:ident)*; )*
        }
    )*) => {
        /// What the dynamic linker binds programs to.
        #[allow(non_snake_case, clippy::too_many_arguments, reason = "C's own names and prototypes")]
        mod exports {
            use super::*;
            use crate::c_types::*;
            use libc::*;
            $($( export!{ $verdict [$name $($alias)*] $name $variant $module $part ($($args)*) $(-> $ret)? } )*)*
        }

        /// libc's own functions, under their names and with their prototypes, whatever the row's verdict: those that
        /// we export are found by `dlsym(RTLD_NEXT)`, the absent ones are linked as usual.
        #[allow(non_snake_case, clippy::too_many_arguments, reason = "C's own names and prototypes")]
        #[allow(dead_code, reason = "every row has an accessor, whether or not a hook asks for it")]
        pub mod real {
            use super::slots;
            use crate::c_types::*;
            use libc::*;
            $($( real!{ $verdict $name ($($args)*) $(-> $ret)? } )*)*

            /// Looks up everything, for the library's constructor: later would be too late, since dlsym takes the
            /// loader's lock, which a parked coroutine may hold.
            pub fn resolve_all() {
                $($( resolve!{ $verdict $name } )*)*
            }
        }

        /// Calls its argument with each name of ours whose hooks act, and the address of libc's own function of its row.
        pub fn each_name(visit: &mut dyn FnMut(&'static CStr, usize)) {
            $($( each_name!{ $verdict [$name $($alias)*] $name $variant $part visit } )*)*
        }

        #[allow(non_upper_case_globals, reason = "C's own names")]
        mod slots {
            use super::Slot;
            $($( slot!{ $verdict $name } )*)*
        }

        /// Makes the system call `number` by its row's body, if it has one. None: it is the kernel's alone.
        ///
        /// # Safety
        /// The program's, who asked for this very call.
        #[inline(always)]
        pub unsafe fn by_number(number: c_long, args: [usize; 6]) -> Option<c_long> {
            use crate::c_types::*;
            use libc::*;
            $($( by_number!{ $verdict [$($number)*] number args $name $variant $module $part ($($args)*) } )*)*
            None
        }
    };
}

/// Whether the hooks of a family act.
#[inline(always)]
fn acts(family: Family, part: Part) -> bool {
    is_switched_on(family, part) && (acts_in_vfork_child(family) || !local::is_vfork_child())
}

/// Whether the options leave the hooks of a family in.
#[inline(always)]
fn is_switched_on(family: Family, part: Part) -> bool {
    patched(part) || (family.is_for_all() && is_on())
}

/// Whether hooks act in the child of a vfork(2): those that act on its memory, which is its parent's, where locks and
/// handlers are ours. Of what the kernel keeps the child has its own, and the records of that are its parent's.
const fn acts_in_vfork_child(family: Family) -> bool {
    matches!(
        family,
        Family::Mutex
            | Family::Cond
            | Family::Rwlock
            | Family::Spin
            | Family::Barrier
            | Family::Sem
            | Family::C11
            | Family::Signal
    )
}

/// One export for each name in the list.
macro_rules! export {
    (absent $($row:tt)*) => {};
    (called $($row:tt)*) => {};
    ($verdict:ident [] $($row:tt)*) => {};
    // They may return twice to their caller's frame: nothing may lie between the two.
    ($verdict:ident [$name:ident $($more:ident)*] vfork $($row:tt)*) => {
        frameless!{ $name vfork $($row)* }
        export!{ $verdict [$($more)*] vfork $($row)* }
    };
    ($verdict:ident [$name:ident $($more:ident)*] swapcontext $($row:tt)*) => {
        frameless!{ $name swapcontext $($row)* }
        export!{ $verdict [$($more)*] swapcontext $($row)* }
    };
    ($verdict:ident [$name:ident $($more:ident)*] $body:ident $variant:ident $module:ident $part:ident
        ($($arg:ident: $ty:ty),*) $(-> $ret:ty)?
    ) => {
        #[cfg_attr(not(test), unsafe(no_mangle))]
        pub unsafe extern "C-unwind" fn $name($($arg: $ty),*) $(-> $ret)? {
            // SAFETY: our caller keeps the contract of the C function of this name, and both demand no more.
            unsafe {
                if acts(Family::$variant, Part::$part) {
                    hooks::$module::$body($($arg),*)
                } else {
                    real::$body($($arg),*)
                }
            }
        }
        export!{ $verdict [$($more)*] $body $variant $module $part ($($arg: $ty),*) $(-> $ret)? }
    };
}

macro_rules! frameless {
    ($name:ident $body:ident $variant:ident $module:ident $part:ident ($($arg:ident: $ty:ty),*) -> $ret:ty) => {
        #[cfg_attr(not(test), unsafe(no_mangle))]
        #[unsafe(naked)]
        pub unsafe extern "C-unwind" fn $name($($arg: $ty),*) -> $ret {
            std::arch::naked_asm!("jmp {}", sym hooks::$module::$body)
        }
    };
}

macro_rules! real {
    (called $($row:tt)*) => {};
    // An absent variadic function has no accessor: Rust can't pass on `...`.
    (absent $name:ident ($($arg:ident: $ty:ty,)* ...) $(-> $ret:ty)?) => {};
    (absent $name:ident ($($arg:ident: $ty:ty),*) $(-> $ret:ty)?) => {
        #[inline(always)]
        pub unsafe fn $name($($arg: $ty),*) $(-> $ret)? {
            unsafe extern "C-unwind" {
                fn $name($($arg: $ty),*) $(-> $ret)?;
            }
            // SAFETY: our caller keeps the contract of the C function of this name.
            unsafe { $name($($arg),*) }
        }
    };
    ($verdict:ident $name:ident ($($arg:ident: $ty:ty),*) $(-> $ret:ty)?) => {
        #[inline(always)]
        pub unsafe fn $name($($arg: $ty),*) $(-> $ret)? {
            // SAFETY: the slot has libc's function of this name, and the table its prototype (or `Slot` a stand-in for
            // one that this libc lacks); our caller keeps its contract.
            unsafe {
                let function: unsafe extern "C-unwind" fn($($ty),*) $(-> $ret)? = std::mem::transmute(slots::$name.get());
                function($($arg),*)
            }
        }
    };
}

macro_rules! resolve {
    (called $name:ident) => {};
    (absent $name:ident) => {};
    ($verdict:ident $name:ident) => {
        slots::$name.resolve();
    };
}

macro_rules! each_name {
    (called $($row:tt)*) => {};
    (absent $($row:tt)*) => {};
    ($verdict:ident [$($own:ident)+] $name:ident $variant:ident $part:ident $visit:ident) => {
        if is_switched_on(Family::$variant, Part::$part) {
            let real = slots::$name.get() as usize;
            $( $visit(c_str(concat!(stringify!($own), "\0")), real); )+
        }
    };
}

/// `text`, which ends with a NUL, as C's.
const fn c_str(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("no NUL at the end, or one before"),
    }
}

macro_rules! slot {
    (called $name:ident) => {};
    (absent $name:ident) => {};
    ($verdict:ident $name:ident) => {
        pub static $name: Slot = Slot::new(super::c_str(concat!(stringify!($name), "\0")));
    };
}

/// The answer of a row's body, if the number is one of its.
macro_rules! by_number {
    ($verdict:ident [] $($row:tt)*) => {};
    ($verdict:ident [$($own:ident)+] $number:ident $args:ident $body:ident $variant:ident $module:ident $part:ident
        ($($arg:ident: $ty:ty),*)
    ) => {
        if $($number == $own)||+ {
            if !acts(Family::$variant, Part::$part) {
                return None;
            }
            let mut _args = $args.into_iter();
            $( let $arg = <$ty as Register>::of(_args.next().unwrap_or(0)); )*
            // SAFETY: as in `exports`; the kernel's arguments are those of the function.
            return Some(unsafe { call!($verdict hooks::$module::$body $number ($($arg),*)) } as c_long);
        }
    };
}

/// What is only called is told its number, for several may share a body.
macro_rules! call {
    (called hooks::$module:ident::$body:ident $number:ident ($($arg:ident),*)) => {
        hooks::$module::$body($number, $($arg),*)
    };
    ($verdict:ident hooks::$module:ident::$body:ident $number:ident ($($arg:ident),*)) => {
        hooks::$module::$body($($arg),*)
    };
}

/// An argument as a register holds it.
trait Register {
    fn of(register: usize) -> Self;
}

macro_rules! register {
    ($($ty:ty),*) => {
        $( impl Register for $ty {
            #[inline(always)]
            fn of(register: usize) -> Self {
                register as Self
            }
        } )*
    };
}
register!(c_int, c_uint, usize, libc::c_ulong);

impl<T> Register for *const T {
    #[inline(always)]
    fn of(register: usize) -> Self {
        register as Self
    }
}

impl<T> Register for *mut T {
    #[inline(always)]
    fn of(register: usize) -> Self {
        register as Self
    }
}

symbols!(derive);

/// Where libc's own swapcontext is, for a hook that leaves no frame.
pub fn swapcontext_address() -> *mut c_void {
    slots::swapcontext.get()
}

/// The address of one function of libc, once it has been looked up.
struct Slot {
    name: &'static CStr,
    address: AtomicPtr<c_void>,
}

impl Slot {
    const fn new(name: &'static CStr) -> Slot {
        Slot { name, address: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The address. Never null.
    #[inline(always)]
    fn get(&self) -> *mut c_void {
        // Relaxed: the code behind the address was there before the process had a second thread.
        let address = self.address.load(Ordering::Relaxed);
        // Null only before our constructor: another library's constructor, or the loader, came first.
        if address.is_null() { self.resolve() } else { address }
    }

    #[cold]
    fn resolve(&self) -> *mut c_void {
        // SAFETY: the name ends with a NUL.
        let mut address = unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) };
        if address.is_null() {
            address =
                if self.name.to_bytes().starts_with(b"pthread_") { missing_pthread } else { missing } as *mut c_void;
        }
        self.address.store(address, Ordering::Relaxed);
        address
    }
}

/// Stands in for functions that are newer than the running libc: epoll_pwait2, sem_clockwait and so on. All of these
/// take few enough arguments for registers, which a function that expects none ignores, and return an integer.
extern "C-unwind" fn missing() -> c_long {
    // SAFETY: the calling thread's errno is always there.
    unsafe { *libc::__errno_location() = libc::ENOSYS };
    -1
}

/// The same for pthread_clockjoin_np and its like, which return the error.
extern "C-unwind" fn missing_pthread() -> c_long {
    libc::ENOSYS.into()
}
