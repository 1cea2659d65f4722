//! What [`begin`](crate::clean::begin) found, and the mask for new files.

use rustix::{fs::Mode, process::umask};
use sealpoint_wire::posture::{Achieved, Measure, Reach};

use super::achieved;
use crate::clean::Cleaned;

/// Rights that a new file's group and others never have.
const PRIVATE: Mode = Mode::from_bits_truncate(0o077);

pub(crate) fn environment(cleaned: &Cleaned) -> Achieved {
    let left = cleaned.variables();
    if left.is_empty() {
        let (variables, _) = cleaned.left_behind();
        return achieved(
            Measure::Environment,
            Reach::Full,
            format!("Only what it needs is there; {variables} other variables were left behind."),
        );
    }
    achieved(
        Measure::Environment,
        Reach::Nothing,
        format!(
            "Variables that it does not need are there: {}. Start it without them.",
            left.join(", ")
        ),
    )
}

pub(crate) fn descriptors(cleaned: &Cleaned) -> Achieved {
    let (_, closed) = cleaned.left_behind();
    let (reach, detail) = match cleaned.descriptors() {
        Some(0) => (
            Reach::Full,
            format!("Only the standard three were open; {closed} others were closed."),
        ),
        Some(open) => (
            Reach::Nothing,
            format!(
                "{open} descriptors beyond the standard three are open. Start it without them."
            ),
        ),
        None => (
            Reach::Nothing,
            "Which descriptors are open cannot be told. Mount /proc.".to_owned(),
        ),
    };
    achieved(Measure::Descriptors, reach, detail)
}

pub(crate) fn close_mask() -> Achieved {
    umask(PRIVATE);
    achieved(
        Measure::Umask,
        Reach::Full,
        "Files that it makes belong to its user alone (077).",
    )
}
