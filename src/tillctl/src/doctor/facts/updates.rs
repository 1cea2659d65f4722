//! The system under the till, and when it was updated.

use std::fs;

use super::{super::places::Places, milliseconds};

/// Files that are written at each update, the surest first.
const STAMPS: [&str; 4] = [
    "var/lib/apt/periodic/update-success-stamp",
    "var/lib/dpkg/status",
    "var/lib/rpm/rpmdb.sqlite",
    "usr/lib/os-release",
];

/// The system.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Updates {
    /// Its name for people (os-release(5)).
    pub system: Option<String>,
    /// The version of its image, where it is one that is replaced whole.
    pub image: Option<String>,
    /// Whether an update waits for a new start.
    pub reboot_needed: bool,
    /// When it was last updated, milliseconds since the Unix epoch.
    pub updated_ms: Option<i64>,
}

/// Looks.
pub fn gather(places: &Places) -> Updates {
    let release = places
        .text("etc/os-release")
        .or_else(|_| places.text("usr/lib/os-release"))
        .unwrap_or_default();
    Updates {
        system: field(&release, "PRETTY_NAME"),
        image: field(&release, "IMAGE_VERSION"),
        reboot_needed: places.path("run/reboot-required").exists(),
        updated_ms: STAMPS.iter().find_map(|stamp| written(places, stamp)),
    }
}

fn field(release: &str, name: &str) -> Option<String> {
    let value = release
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
    let value = value.trim().trim_matches(['"', '\'']);
    (!value.is_empty()).then(|| value.to_owned())
}

fn written(places: &Places, stamp: &str) -> Option<i64> {
    milliseconds(fs::metadata(places.path(stamp)).ok()?.modified().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_is_named_by_its_release_file() {
        let release = "NAME=Till\nPRETTY_NAME=\"Till OS 7\"\nIMAGE_VERSION='42'\nVERSION=\n";
        assert_eq!(field(release, "PRETTY_NAME").as_deref(), Some("Till OS 7"));
        assert_eq!(field(release, "IMAGE_VERSION").as_deref(), Some("42"));
        assert_eq!(field(release, "VERSION"), None);
        assert_eq!(field(release, "PRETTY"), None);
    }
}
