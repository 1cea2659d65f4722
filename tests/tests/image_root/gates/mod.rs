//! The gates. Each reads the image and names every place that breaks it.

pub mod accounts;
pub mod boot;
pub mod drivers;
pub mod programs;
pub mod rights;
pub mod secrets;
pub mod settings;
pub mod units;

use crate::image::Image;

/// The places that are wrong; an error if the gate could not look.
pub type Gate = fn(&Image) -> Result<Vec<String>, String>;

/// Every gate by its name, for the controls.
pub const ALL: &[(&str, Gate)] = &[
    ("programs", programs::root),
    ("first stage", programs::initrd),
    ("names", programs::named),
    ("rights", rights::check),
    ("accounts", accounts::check),
    ("units", units::enabled),
    ("consoles", units::consoles),
    ("bus", units::bus),
    ("settings", settings::sysctl),
    ("identity", settings::identity),
    ("boot", boot::check),
    ("drivers", drivers::check),
    ("secrets", secrets::check),
];
