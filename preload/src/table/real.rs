//! libc's own functions, under their names and with their prototypes, whatever a row's verdict: those that we export are
//! found by `dlsym(RTLD_NEXT)`, the absent ones are linked as usual.
//!
//! A variadic callee finds in AL how many vector registers to save; we pass none, and whatever AL holds only decides
//! whether it saves some that it does not look at.
#![allow(non_snake_case, clippy::too_many_arguments, reason = "C's own names and prototypes")]
#![allow(dead_code, reason = "every row has an accessor, whether or not a hook asks for it")]

use super::symbols::symbols;
use crate::sys::c_types::*;
use libc::*;
use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

macro_rules! derive {
    ($(
        $variant:ident $module:ident $part:ident $title:literal $($mark:ident)* {
            $( $verdict:ident $name:ident $(= $alias:ident)* ($($args:tt)*) $(-> $ret:ty)? => $remark:expr $(, $number:ident)*; )*
        }
    )*) => {
        $($( real!{ $verdict $name ($($args)*) $(-> $ret)? } )*)*

        /// Looks up everything, for the library's constructor: later would be too late, since dlsym takes the
        /// loader's lock, which a parked coroutine may hold.
        pub fn resolve_all() {
            $($( resolve!{ $verdict $name } )*)*
        }

        #[allow(non_upper_case_globals, reason = "C's own names")]
        pub mod slots {
            use super::Slot;
            $($( slot!{ $verdict $name } )*)*
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

macro_rules! slot {
    (called $name:ident) => {};
    (absent $name:ident) => {};
    ($verdict:ident $name:ident) => {
        pub static $name: Slot = Slot::new(super::c_str(concat!(stringify!($name), "\0")));
    };
}

symbols!(derive);

/// `text`, which ends with a NUL, as C's.
pub const fn c_str(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("no NUL at the end, or one before"),
    }
}

/// Where libc's own swapcontext is, for a hook that leaves no frame.
pub fn swapcontext_address() -> *mut c_void {
    slots::swapcontext.get()
}

/// The address of one function of libc, once it has been looked up.
pub struct Slot {
    name: &'static CStr,
    address: AtomicPtr<c_void>,
}

impl Slot {
    const fn new(name: &'static CStr) -> Slot {
        Slot { name, address: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The address. Never null.
    #[inline(always)]
    pub fn get(&self) -> *mut c_void {
        // Relaxed: the code behind the address was there before the process had a second thread.
        let address = self.address.load(Ordering::Relaxed);
        // Null only before our constructor: another library's constructor, or the loader, came first.
        if address.is_null() { self.resolve() } else { address }
    }

    #[cold]
    fn resolve(&self) -> *mut c_void {
        // SAFETY: the name ends with a NUL.
        let mut address = unsafe { dlsym(RTLD_NEXT, self.name.as_ptr()) };
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
    unsafe { *__errno_location() = ENOSYS };
    -1
}

/// The same for pthread_clockjoin_np and its like, which return the error.
extern "C-unwind" fn missing_pthread() -> c_long {
    ENOSYS.into()
}
