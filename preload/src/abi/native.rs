//! glibc's own functions for the thread that is made to be measured.

use super::library::{Syscall, Unsupported, function};
use core::ffi::{c_int, c_void};

type Start = extern "C" fn(*mut c_void) -> *mut c_void;

/// glibc's functions, under names that this library exports itself, or the program may. They are looked up in the
/// constructor: later the loader's lock may be held by whoever waits for us.
pub(super) struct Native {
    pub create: unsafe extern "C" fn(*mut libc::pthread_t, *const libc::pthread_attr_t, Start, *mut c_void) -> c_int,
    pub join: unsafe extern "C" fn(libc::pthread_t, *mut *mut c_void) -> c_int,
    pub getattr: unsafe extern "C" fn(libc::pthread_t, *mut libc::pthread_attr_t) -> c_int,
    pub setsigmask: unsafe extern "C" fn(*mut libc::pthread_attr_t, *const libc::sigset_t) -> c_int,
    pub key_create: unsafe extern "C" fn(*mut libc::pthread_key_t, Option<Destructor>) -> c_int,
    pub key_delete: unsafe extern "C" fn(libc::pthread_key_t) -> c_int,
    pub setspecific: unsafe extern "C" fn(libc::pthread_key_t, *const c_void) -> c_int,
    pub setcancelstate: unsafe extern "C" fn(c_int, *mut c_int) -> c_int,
    pub res_state: unsafe extern "C" fn() -> *mut u8,
    pub malloc: unsafe extern "C" fn(usize) -> *mut c_void,
    pub free: unsafe extern "C" fn(*mut c_void),
    pub syscall: Syscall,
}

type Destructor = unsafe extern "C" fn(*mut c_void);

impl Native {
    pub(super) fn look_up() -> Result<Self, Unsupported> {
        // SAFETY: the prototypes of <pthread.h>, <resolv.h>, <stdlib.h> and <unistd.h>.
        unsafe {
            Ok(Self {
                create: function(c"pthread_create")?,
                join: function(c"pthread_join")?,
                getattr: function(c"pthread_getattr_np")?,
                setsigmask: function(c"pthread_attr_setsigmask_np")?,
                key_create: function(c"pthread_key_create")?,
                key_delete: function(c"pthread_key_delete")?,
                setspecific: function(c"pthread_setspecific")?,
                setcancelstate: function(c"pthread_setcancelstate")?,
                res_state: function(c"__res_state")?,
                malloc: function(c"__libc_malloc")?,
                free: function(c"__libc_free")?,
                syscall: function(c"syscall")?,
            })
        }
    }
}
