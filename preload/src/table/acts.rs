//! Whether hooks act, or are libc's own functions.

use super::rows::Family;
use crate::voice::config::{Part, is_on, patched};
use iopatch_runtime::local;

/// Whether the hooks of a family act.
#[inline(always)]
pub fn acts(family: Family, part: Part) -> bool {
    is_switched_on(family, part) && (acts_in_vfork_child(family) || !local::is_vfork_child())
}

/// Whether the options leave the hooks of a family in.
#[inline(always)]
pub fn is_switched_on(family: Family, part: Part) -> bool {
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
