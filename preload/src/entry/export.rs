//! The table as code: a function of libc's name for each row that is not absent.
//!
//! An export is `extern "C-unwind"` and catches nothing: pthread_exit and cancellation unwind the stack through it.
//!
//! Variadic functions of C (fcntl, ioctl, open, openat, syscall) are exported, and called, with the fixed arguments they
//! can have at most. On x86-64 System V this is sound: integers and pointers go to the same registers either way, and
//! an argument that the caller did not pass is a register with some value, read and passed on but never used, as in
//! glibc's own wrappers. Only `syscall` has a seventh argument, on the stack; that word of the caller's frame is always
//! readable, and glibc reads it just so.

use crate::hooks;
use crate::table::acts::{acts, is_switched_on};
use crate::table::real::{self, c_str};
use crate::table::rows::Family;
use crate::table::symbols::symbols;
use crate::voice::config::Part;
use std::ffi::CStr;

macro_rules! derive {
    ($(
        $variant:ident $module:ident $part:ident $title:literal $($mark:ident)* {
            $( $verdict:ident $name:ident $(= $alias:ident)* ($($args:tt)*) $(-> $ret:ty)? => $remark:expr $(, $number:ident)*; )*
        }
    )*) => {
        /// What the dynamic linker binds programs to.
        #[allow(non_snake_case, clippy::too_many_arguments, reason = "C's own names and prototypes")]
        mod exports {
            use super::*;
            use crate::sys::c_types::*;
            use libc::*;
            $($( export!{ $verdict [$name $($alias)*] $name $variant $module $part ($($args)*) $(-> $ret)? } )*)*
        }

        /// Calls its argument with each name of ours whose hooks act, and the address of libc's own function of its row.
        pub fn each_name(visit: &mut dyn FnMut(&'static CStr, usize)) {
            $($( each_name!{ $verdict [$name $($alias)*] $name $variant $part visit } )*)*
        }
    };
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

macro_rules! each_name {
    (called $($row:tt)*) => {};
    (absent $($row:tt)*) => {};
    ($verdict:ident [$($own:ident)+] $name:ident $variant:ident $part:ident $visit:ident) => {
        if is_switched_on(Family::$variant, Part::$part) {
            let real = real::slots::$name.get() as usize;
            $( $visit(c_str(concat!(stringify!($own), "\0")), real); )+
        }
    };
}

symbols!(derive);
