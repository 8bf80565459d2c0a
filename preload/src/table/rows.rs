//! The table as data: what `iopatch list`, docs/COVERAGE.md, the counters and the tests read. Shared with the launcher,
//! so it names no hook.

use super::symbols::*;
use crate::voice::config::Part;

/// What happens to a call; `symbols.rs` tells what each means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Parks,
    Detaches,
    Tracks,
    Absent,
    Called,
}

impl Verdict {
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Parks => "parks",
            Verdict::Detaches => "detaches",
            Verdict::Tracks => "tracks",
            Verdict::Absent => "absent",
            Verdict::Called => "called",
        }
    }
}

/// A function of libc, or a system call.
pub struct Row {
    /// Its names; the first is that of its body and of its `real` accessor. Of what is only `called`: none.
    pub names: &'static [&'static str],
    /// The numbers by which syscall(2) finds it.
    pub calls: &'static [&'static str],
    pub family: Family,
    pub part: Part,
    pub verdict: Verdict,
    /// The prototype without its name, in Rust's notation with C's types, spaced as `stringify!` does.
    pub signature: &'static str,
    /// Until when it waits, what it tracks, or why it is absent.
    pub remark: &'static str,
}

impl Row {
    /// What it is listed as.
    pub const fn shown(&self) -> &'static [&'static str] {
        if self.names.is_empty() { self.calls } else { self.names }
    }
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
    (called) => {
        Verdict::Called
    };
}

macro_rules! names {
    (called $($name:ident)*) => {
        &[]
    };
    ($verdict:ident $($name:ident)*) => {
        &[$(stringify!($name)),*]
    };
}

macro_rules! is_marked {
    (always: always $($mark:ident)*) => {
        true
    };
    (in_vfork_child: in_vfork_child $($mark:ident)*) => {
        true
    };
    ($wanted:ident: $other:ident $($mark:ident)*) => {
        is_marked!($wanted: $($mark)*)
    };
    ($wanted:ident:) => {
        false
    };
}

macro_rules! derive {
    ($(
        $variant:ident $module:ident $part:ident $title:literal $($mark:ident)* {
            $( $verdict:ident $name:ident $(= $alias:ident)* ($($args:tt)*) $(-> $ret:ty)? => $remark:expr $(, $number:ident)*; )*
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

            /// Whether its hooks act whatever parts are left out: those of signals, since libc's would let handlers into
            /// the library's own code, and do not know what was sent to a coroutine.
            pub const fn is_for_all(self) -> bool {
                match self { $(Family::$variant => is_marked!(always: $($mark)*)),* }
            }

            /// Whether its hooks act in the child of a vfork(2): those that act on its memory, which is its parent's, where
            /// locks and handlers are ours. Of what the kernel keeps the child has its own, and the records of that are
            /// its parent's.
            pub const fn acts_in_vfork_child(self) -> bool {
                match self { $(Family::$variant => is_marked!(in_vfork_child: $($mark)*)),* }
            }
        }

        /// The rows of the table, in its order.
        pub static ROWS: &[Row] = &[$($(
            Row {
                names: names!($verdict $name $($alias)*),
                calls: &[$(stringify!($number)),*],
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
