//! No till of the simulation is a demo.

use std::path::Path;

use sealpoint_till::view::DemoView;

/// There are no cards to move.
pub fn ask(_control: &Path, _insert: Option<&str>) -> Result<DemoView, String> {
    Err("There is no demo here.".to_owned())
}
