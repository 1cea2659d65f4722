//! Resident memory, as Linux counts it (proc(5), VmRSS; of that, RssAnon is heap and stack, the rest is pages of files).

use std::fs;

use crate::bench::{Table, megabytes};

/// The memory of a till and of the processes that it started.
///
/// # Errors
/// If one of them is gone.
pub fn measure(name: &str, pid: u32, table: &mut Table) -> Result<(), String> {
    row(name, pid, table)?;
    for child in children(pid) {
        let path = format!("/proc/{child}/comm");
        let name = fs::read_to_string(path).unwrap_or_default();
        row(name.trim(), child, table)?;
    }
    Ok(())
}

/// The memory of one process.
///
/// # Errors
/// If it is gone.
pub fn row(name: &str, pid: u32, table: &mut Table) -> Result<(), String> {
    let about = fs::read_to_string(format!("/proc/{pid}/status"))
        .map_err(|error| format!("{name} is gone: {error}. Its log says why."))?;
    let bytes = |key: &str| {
        let line = about.lines().find(|line| line.starts_with(key))?;
        let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(megabytes(kilobytes * 1024))
    };
    let (all, own) = (bytes("VmRSS:"), bytes("RssAnon:"));
    let figure = format!(
        "{}, {} of it heap and stack",
        all.unwrap_or_default(),
        own.unwrap_or_default()
    );
    table.row(&format!("resident memory of `{name}`"), &figure);
    Ok(())
}

/// A process belongs to the thread that started it.
fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten();
    let started = |thread: fs::DirEntry| fs::read_to_string(thread.path().join("children")).ok();
    let lists: Vec<String> = threads.flatten().filter_map(started).collect();
    lists
        .iter()
        .flat_map(|list| list.split_whitespace())
        .filter_map(|word| word.parse().ok())
        .collect()
}
