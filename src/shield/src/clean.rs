//! A clean start: an environment that holds only what the program needs, and no descriptor but the
//! standard three.
//!
//! An environment can name a library that the loader puts into the program before its first line
//! (`LD_PRELOAD`, `LD_AUDIT`), another folder of libraries, or another library for the card service
//! (`LIBPCSCLITE_DELEGATE`). To take such a variable away later does not unload what it loaded, so
//! the program runs itself again, once, with what it keeps. A descriptor that somebody left open
//! (a database, a debugger's pipe) closes on the way.
//!
//! A library that is in the program already can prevent all this: it runs first. This stops what is
//! put there from outside without more; who starts the program decides the rest.

use std::{
    collections::BTreeMap,
    env,
    ffi::{CString, OsStr, OsString},
    fs, io,
    os::unix::{ffi::OsStrExt, process::CommandExt},
    path::Path,
    process::{self, Command},
};

/// Tells the program that it was started again: its process id, how many variables and how many
/// descriptors were left behind.
const MARK: &str = "SEALPOINT_CLEANED";
/// This program, whatever became of the file that it was started from.
const ITSELF: &str = "/proc/self/exe";
/// The open descriptors of this process.
const DESCRIPTORS: &str = "/proc/self/fd";
/// Descriptors from here on are none of the standard three.
const FIRST_FOREIGN: i32 = 3;
/// Longest name of a thread, without the zero (PR_SET_NAME(2const)).
const MAX_NAME: usize = 15;

/// Proof that the program began with [`begin`], and what was found. [`lock_down`](crate::lock_down)
/// takes it.
#[derive(Debug)]
pub struct Cleaned {
    /// Variables and descriptors that the first start had and this one has not.
    left_behind: (usize, usize),
    /// Names of variables that are still there and should not be.
    variables: Vec<String>,
    /// Descriptors that are still open and should not be; `None` if nobody can tell.
    descriptors: Option<usize>,
}

/// Why a program cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum CleanError {
    /// It cannot run itself again.
    #[error(
        "This program cannot start itself again without what its environment brought along ({0}). \
         Check that /proc is mounted, or start it with `env --ignore-environment`."
    )]
    NoNewStart(#[source] io::Error),
}

/// Variables that a program gives itself, each with its value.
pub type Own = [(&'static str, &'static str)];

/// Has threads share one heap and take 512 KiB for a stack, so that a process that locks its memory
/// stays within what every user may lock, 8 MiB (mallopt(3), std::thread).
pub const SMALL: &Own = &[("MALLOC_ARENA_MAX", "1"), ("RUST_MIN_STACK", "524288")];

/// Runs this program again, once, if its environment holds more than the variables `keep` or
/// foreign descriptors are open; gives the proof otherwise. Call it before anything else: what the
/// program did before is done again.
///
/// # Errors
/// [`CleanError`] if the program cannot be run again.
pub fn begin(keep: &[&str]) -> Result<Cleaned, CleanError> {
    begin_with(keep, &[])
}

/// The same, and with these variables of its own.
///
/// # Errors
/// [`CleanError`] if the program cannot be run again.
pub fn begin_with(keep: &[&str], own: &Own) -> Result<Cleaned, CleanError> {
    let mark = env::var(MARK).ok().and_then(|mark| left_behind(&mark));
    let variables: Vec<OsString> = env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| !may_stay(keep, name) && !own.iter().any(|(set, _)| name == set))
        .collect();
    let has_own = own
        .iter()
        .all(|(name, value)| env::var_os(name).is_some_and(|found| found == *value));
    let descriptors = foreign_descriptors();
    if mark.is_some() || (variables.is_empty() && has_own && descriptors == Some(0)) {
        return Ok(Cleaned {
            left_behind: mark.unwrap_or_default(),
            variables: variables.iter().map(readable).collect(),
            descriptors,
        });
    }
    close_fds::set_fds_cloexec(FIRST_FOREIGN, &[]);
    let kept: BTreeMap<OsString, OsString> = env::vars_os()
        .filter(|(name, _)| may_stay(keep, name) && name != MARK)
        .collect();
    let mut arguments = env::args_os();
    let error = Command::new(ITSELF)
        .arg0(arguments.next().unwrap_or_default())
        .args(arguments)
        .env_clear()
        .envs(kept)
        .envs(own.iter().copied())
        .env(MARK, mark_of(variables.len(), descriptors.unwrap_or(0)))
        .exec();
    Err(CleanError::NoNewStart(error))
}

impl Cleaned {
    /// Gives the process its program's name back, which it lost if it was run again.
    pub(crate) fn name_process(&self, name: &str) {
        let name: Vec<u8> = name.bytes().take(MAX_NAME).collect();
        if let Ok(name) = CString::new(name) {
            // A wrong name in a list of processes is no reason to stop.
            let _named = rustix::thread::set_name(&name);
        }
    }

    /// Names of variables that should not be there.
    pub(crate) fn variables(&self) -> &[String] {
        &self.variables
    }

    /// How many descriptors should not be open, if it can be told.
    pub(crate) fn descriptors(&self) -> Option<usize> {
        self.descriptors
    }

    /// How many variables and descriptors were got rid of.
    pub(crate) fn left_behind(&self) -> (usize, usize) {
        self.left_behind
    }
}

fn may_stay(keep: &[&str], name: &OsStr) -> bool {
    name == MARK || keep.iter().any(|kept| name == *kept)
}

/// Open descriptors beyond the standard three.
fn foreign_descriptors() -> Option<usize> {
    let numbers: Vec<i32> = fs::read_dir(DESCRIPTORS)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    // The one by which the folder was read is closed by now.
    let open = |number: &&i32| {
        **number >= FIRST_FOREIGN
            && Path::new(DESCRIPTORS)
                .join(number.to_string())
                .symlink_metadata()
                .is_ok()
    };
    Some(numbers.iter().filter(open).count())
}

fn mark_of(variables: usize, descriptors: usize) -> String {
    format!("{} {variables} {descriptors}", process::id())
}

/// What a mark says, if it is this process's own. Another's came with the environment.
fn left_behind(mark: &str) -> Option<(usize, usize)> {
    let mut words = mark.split(' ');
    let own = words.next()? == process::id().to_string();
    let counts = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    (own && words.next().is_none()).then_some(counts)
}

/// A name from outside, fit for a log.
fn readable(name: &OsString) -> String {
    name.as_bytes()
        .iter()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' => char::from(*byte),
            _ => '?',
        })
        .take(40)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_counts_for_its_own_process_alone() {
        assert_eq!(left_behind(&mark_of(30, 2)), Some((30, 2)));
        for other in ["", "1", "1 30 2", "x 30 2", "4294967295 1 1"] {
            assert_eq!(left_behind(other), None, "{other:?}");
        }
        assert_eq!(left_behind(&format!("{} 1", process::id())), None);
        assert_eq!(left_behind(&format!("{} 1 2 3", process::id())), None);
    }

    #[test]
    fn a_variable_stays_by_its_whole_name() {
        let keep = ["SEALPOINT_LOG"];
        assert!(may_stay(&keep, OsStr::new("SEALPOINT_LOG")));
        assert!(!may_stay(&keep, OsStr::new("SEALPOINT_LOGS")));
        assert!(!may_stay(&keep, OsStr::new("sealpoint_log")));
        assert!(!may_stay(&keep, OsStr::new("LD_PRELOAD")));
    }
}
