//! The measures, each with what it achieved.

mod capabilities;
mod dumps;
mod files;
mod memory;
mod start;

use sealpoint_wire::posture::{Achieved, MAX_DETAIL, Measure, Reach};

pub(crate) use capabilities::{drop_capabilities, forbid_new_privileges};
pub(crate) use dumps::{forbid_dumps, hide};
pub(crate) use files::wall_in;
pub(crate) use memory::lock_memory;
pub(crate) use start::{close_mask, descriptors, environment};

/// What a measure achieved.
pub(crate) fn achieved(measure: Measure, reach: Reach, detail: impl Into<String>) -> Achieved {
    let mut detail: String = detail.into();
    if detail.len() > MAX_DETAIL {
        detail.truncate(detail.floor_char_boundary(MAX_DETAIL));
    }
    Achieved {
        measure,
        reach,
        detail,
    }
}

/// The measure did not work, for a reason that the system gave.
pub(crate) fn failed(measure: Measure, what: &str, error: impl std::fmt::Display) -> Achieved {
    achieved(
        measure,
        Reach::Nothing,
        format!("{what} ({error}). Report this with the kernel's version."),
    )
}
