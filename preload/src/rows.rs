//! The table as data: what `iopatch list`, docs/COVERAGE.md, the counters and the tests read. Shared with the launcher,
//! so it names no hook.

use crate::config::Part;
use crate::symbols::*;

/// What happens to a call; `symbols.rs` tells what each means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Parks,
    Detaches,
    Tracks,
    Absent,
}

impl Verdict {
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Parks => "parks",
            Verdict::Detaches => "detaches",
            Verdict::Tracks => "tracks",
            Verdict::Absent => "absent",
        }
    }
}

/// A function of libc.
pub struct Row {
    /// Its names; the first is that of its body and of its `real` accessor.
    pub names: &'static [&'static str],
    pub family: Family,
    pub part: Part,
    pub verdict: Verdict,
    /// The prototype without its name, in Rust's notation with C's types, spaced as `stringify!` does.
    pub signature: &'static str,
    /// Until when it waits, what it tracks, or why it is absent.
    pub remark: &'static str,
}

macro_rules! verdict {
    (parks) => {
        Verdict::Parks
    };
    (detaches) => {
        Verdict::Detaches
    };
    (tracks) => {
        Verdict::Tracks
    };
    (absent) => {
        Verdict::Absent
    };
}

macro_rules! derive {
    ($(
        $variant:ident $module:ident $part:ident $title:literal {
            $( $verdict:ident $name:ident $(= $alias:ident)* ($($args:tt)*) $(-> $ret:ty)? => $remark:expr; )*
        }
    )*) => {
        /// A group of the table: one module of hooks, one counter of parks.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Family { $($variant),* }

        impl Family {
            /// All, in the order of the table: `ALL[family as usize] == family`.
            pub const ALL: &[Family] = &[$(Family::$variant),*];

            pub const fn name(self) -> &'static str {
                match self { $(Family::$variant => stringify!($module)),* }
            }

            pub const fn title(self) -> &'static str {
                match self { $(Family::$variant => $title),* }
            }
        }

        /// The rows of the table, in its order.
        pub static ROWS: &[Row] = &[$($(
            Row {
                names: &[stringify!($name) $(, stringify!($alias))*],
                family: Family::$variant,
                part: Part::$part,
                verdict: verdict!($verdict),
                signature: stringify!(($($args)*) $(-> $ret)?),
                remark: $remark,
            },
        )*)*];
    };
}
symbols!(derive);
