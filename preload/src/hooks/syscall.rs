//! `syscall()`: what acts on a record of ours goes to its row's body, by its number. All others may block.

use crate::table::acts::acts;
use crate::table::real;
use crate::table::rows::Family;
use crate::table::symbols::symbols;
use crate::voice::config::Part;
use crate::wait;
use libc::{c_int, c_long, c_uint, c_ulong};

/// The program's own call.
///
/// # Safety
/// The program's, who owes what the system call demands.
#[inline]
pub unsafe fn syscall(number: c_long, a1: usize, a2: usize, a3: usize, a4: usize, a5: usize, a6: usize) -> c_long {
    // SAFETY: our caller's promise.
    unsafe {
        match by_number(number, [a1, a2, a3, a4, a5, a6]) {
            Some(result) => result,
            None => wait::may_block(|| real::syscall(number, a1, a2, a3, a4, a5, a6)),
        }
    }
}

macro_rules! derive {
    ($(
        $variant:ident $module:ident $part:ident $title:literal $($mark:ident)* {
            $( $verdict:ident $name:ident $(= $alias:ident)* ($($args:tt)*) $(-> $ret:ty)? => $remark:expr $(, $number:ident)*; )*
        }
    )*) => {
        /// Makes the system call `number` by its row's body, if it has one. None: it is the kernel's alone.
        ///
        /// # Safety
        /// The program's, who asked for this very call.
        #[inline(always)]
        pub unsafe fn by_number(number: c_long, args: [usize; 6]) -> Option<c_long> {
            use crate::sys::c_types::*;
            use libc::*;
            $($( by_number!{ $verdict [$($number)*] number args $name $variant $module $part ($($args)*) } )*)*
            None
        }
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
            // SAFETY: as of the exports; the kernel's arguments are those of the function.
            return Some(unsafe { call!($verdict $module::$body $number ($($arg),*)) } as c_long);
        }
    };
}

/// What is only called is told its number, for several may share a body.
macro_rules! call {
    (called $module:ident::$body:ident $number:ident ($($arg:ident),*)) => {
        super::$module::$body($number, $($arg),*)
    };
    ($verdict:ident $module:ident::$body:ident $number:ident ($($arg:ident),*)) => {
        super::$module::$body($($arg),*)
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
register!(c_int, c_uint, usize, c_ulong);

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
