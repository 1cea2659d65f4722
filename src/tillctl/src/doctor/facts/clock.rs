//! Date and time: what tells whether they can be right.

use std::{fs, path::Path};

use super::{
    super::places::{Places, names},
    milliseconds,
};

/// At most this many files are asked for their time.
const MAX_FILES: usize = 10_000;
/// Programs that keep a clock right.
const TIMEKEEPERS: [&str; 6] = [
    "chronyd",
    "ntpd",
    "ntpd-rs",
    "ntp-daemon",
    "openntpd",
    "systemd-timesyn",
];
/// What is there once the clock was set since the start: systemd's, and ours (`tillctl clock`).
const SET: [&str; 2] = [
    "run/systemd/timesync/synchronized",
    "run/sealpoint-clock/set",
];

/// What tells of the clock.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Clock {
    /// The newest file in the state folder, milliseconds since the Unix epoch.
    pub newest_file_ms: Option<i64>,
    /// Whether the clock was set by the network since the start: systemd or our own clock says so.
    pub synchronised: bool,
    /// The program that keeps the clock right.
    pub timekeeper: Option<String>,
    /// Whether a time zone is set.
    pub zone: bool,
}

/// Looks.
pub fn gather(state: &Path, places: &Places) -> Clock {
    let pids = names(&places.path("proc")).unwrap_or_default();
    let timekeeper = pids
        .iter()
        .filter(|name| name.bytes().all(|digit| digit.is_ascii_digit()))
        .filter_map(|pid| places.text(&format!("proc/{pid}/comm")).ok())
        .find(|comm| TIMEKEEPERS.contains(&comm.as_str()));
    Clock {
        newest_file_ms: newest(state),
        synchronised: SET.iter().any(|file| places.path(file).exists()),
        timekeeper,
        zone: ["etc/localtime", "etc/timezone"]
            .iter()
            .any(|file| places.path(file).exists()),
    }
}

/// When the newest file in the folder or in a folder below was written.
fn newest(state: &Path) -> Option<i64> {
    let below = |name: &str| state.join(name);
    [
        state.to_owned(),
        below("lane"),
        below("uplink"),
        below("receipts"),
    ]
    .iter()
    .filter_map(|folder| fs::read_dir(folder).ok())
    .flat_map(|entries| entries.flatten().take(MAX_FILES))
    .filter_map(|entry| entry.metadata().ok())
    .filter(fs::Metadata::is_file)
    .filter_map(|found| milliseconds(found.modified().ok()?))
    .max()
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn systemds_word_and_our_own_clocks_say_that_it_was_set() {
        for file in SET {
            let root = TempDir::new().expect("a folder");
            let gathered = || gather(&root.path().join("state"), &Places::at(root.path()));
            assert!(!gathered().synchronised);
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().expect("in a folder")).expect("a folder");
            fs::write(path, "").expect("written");
            assert!(gathered().synchronised, "{file}");
        }
    }
}
