//! What a process says in its log of how it protects itself.

use sealpoint_wire::{Posture, posture::Reach};

/// A line for each measure: what was achieved, and at a louder level what is missing. A demo is
/// warned; in production something missing is an error.
pub fn report(posture: &Posture) {
    let process = posture.process.as_str();
    for achieved in &posture.measures {
        let measure = achieved.measure.word();
        let detail = achieved.detail.as_str();
        match (achieved.reach, posture.production) {
            (Reach::Full, _) => {
                tracing::info!(process, measure, reach = "full", detail, "protected")
            }
            (Reach::Part, true) => {
                tracing::error!(process, measure, reach = "part", detail, "protected")
            }
            (Reach::Part, false) => {
                tracing::warn!(process, measure, reach = "part", detail, "protected")
            }
            (Reach::Nothing, true) => {
                tracing::error!(process, measure, reach = "nothing", detail, "not protected");
            }
            (Reach::Nothing, false) => {
                tracing::warn!(process, measure, reach = "nothing", detail, "not protected");
            }
        }
    }
}
