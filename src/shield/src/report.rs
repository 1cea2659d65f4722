//! What a process says in its log of how it protects itself.

use sealpoint_wire::{Posture, posture::Reach};

/// A line for each measure: what was achieved, and at a louder level what is missing. A demo is
/// warned; in production something missing is an error.
pub fn report(posture: &Posture) {
    for achieved in &posture.measures {
        let measure = achieved.measure.word();
        let detail = achieved.detail.as_str();
        match (achieved.reach, posture.production) {
            (Reach::Full, _) => tracing::info!(measure, reach = "full", detail, "protected"),
            (Reach::Part, true) => tracing::error!(measure, reach = "part", detail, "protected"),
            (Reach::Part, false) => tracing::warn!(measure, reach = "part", detail, "protected"),
            (Reach::Nothing, true) => {
                tracing::error!(measure, reach = "nothing", detail, "not protected");
            }
            (Reach::Nothing, false) => {
                tracing::warn!(measure, reach = "nothing", detail, "not protected");
            }
        }
    }
}
