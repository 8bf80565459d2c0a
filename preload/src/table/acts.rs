//! Whether hooks act, or are libc's own functions.

use super::rows::Family;
use crate::voice::config::{Part, is_on, patched};
use iopatch_runtime::local;

/// Whether the hooks of a family act.
#[inline(always)]
pub fn acts(family: Family, part: Part) -> bool {
    is_switched_on(family, part) && (family.acts_in_vfork_child() || !local::is_vfork_child())
}

/// Whether the options leave the hooks of a family in.
#[inline(always)]
pub fn is_switched_on(family: Family, part: Part) -> bool {
    patched(part) || (family.is_for_all() && is_on())
}
