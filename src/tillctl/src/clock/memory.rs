//! What is remembered: the last time that was proved, which the clock is never before; and that the
//! clock was set since the machine started.

use std::{
    env,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use super::machine;
use crate::{
    fault::Fault,
    plain_file::{self, Links},
};

/// The last time that was proved, milliseconds since the Unix epoch.
const PROVED_FILE: &str = "proved";
/// There once the clock was set since the machine started.
const SET_FILE: &str = "set";
/// At most this many bytes in it.
const MAX_FILE: u64 = 64;

/// Where it is remembered, and what else is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folders {
    /// Kept: `/var/lib/sealpoint/clock`.
    pub state: PathBuf,
    /// Gone at the next start: `/run/sealpoint-clock`.
    pub run: PathBuf,
    /// When the site bundle was signed, milliseconds since the Unix epoch.
    pub not_before_ms: i64,
}

impl Folders {
    /// What the clock is never before: when this program was built, when the site bundle was signed,
    /// the last time that was proved.
    pub fn floor_ms(&self) -> i64 {
        self.proved_ms()
            .unwrap_or(0)
            .max(self.not_before_ms)
            .max(built_ms())
    }

    /// Whether the clock was set since the machine started.
    pub fn was_set(&self) -> bool {
        self.run.join(SET_FILE).exists()
    }

    /// Remembers that it was.
    pub fn set(&self) -> Result<(), Fault> {
        let path = self.run.join(SET_FILE);
        File::create(&path)
            .map(drop)
            .map_err(|error| unwritable(&path, &error))
    }

    /// Remembers a time that was proved. On the disk when this returns.
    pub fn prove(&self, at_ms: i64) -> Result<(), Fault> {
        let path = self.state.join(PROVED_FILE);
        if self.proved_ms().is_some_and(|proved| proved >= at_ms) {
            return Ok(());
        }
        plain_file::replace(&path, 0o600, format!("{at_ms}\n").as_bytes())
            .map_err(|error| unwritable(&path, &error))
    }

    /// The last time that was proved. A file that cannot be read is none: a clock is no reason to
    /// keep a shop closed, and the other two floors still hold.
    fn proved_ms(&self) -> Option<i64> {
        let path = self.state.join(PROVED_FILE);
        let bytes = plain_file::read(&path, MAX_FILE, Links::Refused).ok()?;
        str::from_utf8(&bytes).ok()?.trim().parse().ok()
    }
}

/// Sets a clock that is before its floor to the floor: that of a machine whose battery is empty, so
/// that the collector's certificate is valid for it and the true time can be asked for.
pub fn lift_to_floor(folders: &Folders) -> Result<String, Fault> {
    let (floor, now) = (folders.floor_ms(), machine::now_ms());
    if now >= floor {
        return Ok("The clock is not before anything that was proved.".to_owned());
    }
    machine::step(floor - now)?;
    Ok(format!(
        "The clock was {} s before the last time that was proved, and was set to that. Its battery \
         may be empty.",
        (floor - now) / 1000
    ))
}

/// When this program was built, by its file: an image's files have their source's date.
fn built_ms() -> i64 {
    let built = || -> Option<i64> {
        let file = fs::metadata(env::current_exe().ok()?).ok()?;
        let since = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_millis()).ok()
    };
    built().unwrap_or(0)
}

fn unwritable(path: &Path, error: &io::Error) -> Fault {
    Fault::files(
        format!("{} cannot be written ({error}).", path.display()),
        "Check that the folder is there, has room, and is this user's.",
    )
}
