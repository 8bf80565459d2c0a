//! What a layer has those above it do. It knows them only by a table of functions, which they give it at the start.

use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

/// The place for such a table. Nothing but constants is ever reached through it, so no order is needed.
pub(crate) struct Duties<T: 'static>(AtomicPtr<T>);

impl<T: Sync> Duties<T> {
    pub const fn none() -> Self {
        Self(AtomicPtr::new(null_mut()))
    }

    /// Before there is anything to do.
    pub fn give(&self, table: &'static T) {
        self.0.store(core::ptr::from_ref(table).cast_mut(), Relaxed);
    }

    /// `None`: nothing has been started.
    #[inline]
    pub fn get(&self) -> Option<&'static T> {
        // SAFETY: null, or what `give` was given.
        unsafe { self.0.load(Relaxed).as_ref() }
    }
}
