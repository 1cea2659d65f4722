//! From the start of a till with a long queue to its first item rung up.

use std::fs;
use std::path::Path;
use std::time::Instant;

use serde_json::json;

use crate::bench::{Table, millis, rooms};
use crate::cargo::{Profile, Workspace};
use crate::till::{Pictures, Till};

/// What is rung up: it asks for no age.
const CODE: &str = "2900000012189";

/// Measures on a state folder of its own, whose journal the room's bench has filled.
///
/// # Errors
/// What could not be made or started, or that nothing was rung up.
pub fn measure(
    programs: &Path,
    folder: &Path,
    workspace: &Workspace,
    profile: Profile,
    table: &mut Table,
) -> Result<(), String> {
    let (state, logs) = (folder.join("boot"), folder.join("boot-logs"));
    for made in [&state, &logs] {
        fs::create_dir_all(made)
            .map_err(|error| format!("{} cannot be made: {error}.", made.display()))?;
    }
    rooms::run(
        &rooms::COMMITS,
        workspace,
        profile,
        "SEALPOINT_BENCH_QUEUE",
        &state,
    )?;
    let began = Instant::now();
    let mut till = Till::start(programs, &state, &logs, Pictures::None)?;
    let queued = till.view()["queue"]["count"].as_u64().unwrap_or_default();
    let view = till.ask(&json!({ "do": "scan", "code": CODE }))?;
    let took = began.elapsed();
    if view["basket"]["lines"].as_array().is_none_or(Vec::is_empty) {
        return Err(format!(
            "The scan of {CODE} rang nothing up: {}",
            view["notice"]
        ));
    }
    table.row(
        &format!("start to the first item rung up, {queued} queued records"),
        &millis(took),
    );
    till.quit();
    Ok(())
}
