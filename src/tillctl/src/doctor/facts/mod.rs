//! What is so on this machine, gathered without judgement. What could not be seen is said to be so,
//! never guessed.

pub mod certificate;
pub mod clock;
pub mod database;
pub mod disk;
pub mod files;
pub mod keys;
pub mod machine;
pub mod network;
pub mod process;
pub mod reader;
pub mod till;
pub mod updates;

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::MetadataExt,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use rustix::{
    process::geteuid,
    thread::{CapabilitySet, capabilities},
};

use super::{args::Wanted, places::Places};

/// Something that was looked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Seen<T> {
    /// It is not there.
    #[default]
    Missing,
    /// This user may not see it, or it cannot be read: why.
    Unseen(String),
    /// It is there and wrong: what.
    Broken(String),
    /// It is there.
    There(T),
}

impl<T> Seen<T> {
    /// What a read that failed means.
    pub fn from_error(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Self::Missing,
            ErrorKind::PermissionDenied => Self::Unseen("this user may not read it".to_owned()),
            // Too large, a pipe, a link, a disk that fails.
            _ => Self::Broken(error.to_string()),
        }
    }

    /// It, if it is there.
    pub const fn there(&self) -> Option<&T> {
        match self {
            Self::There(it) => Some(it),
            Self::Missing | Self::Unseen(_) | Self::Broken(_) => None,
        }
    }
}

impl Seen<u32> {
    /// The permission bits of a file, or of a link itself.
    pub fn mode_of(path: &Path) -> Self {
        match fs::symlink_metadata(path) {
            Ok(found) => Self::There(found.mode() & 0o7777),
            Err(error) => Self::from_error(&error),
        }
    }
}

/// Milliseconds since the Unix epoch; `None` for a moment before it.
fn milliseconds(time: SystemTime) -> Option<i64> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok()
}

/// Everything that is judged.
#[derive(Default)]
pub struct Facts {
    /// Milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// Today in that time zone, `YYYY-MM-DD`.
    pub today: String,
    /// The same for people, in the machine's time zone.
    pub now: String,
    /// Whether this program may see everything.
    pub root: bool,
    /// The till as a whole.
    pub till: till::Till,
    /// Processes that run a program of a till.
    pub processes: Vec<process::Process>,
    /// The keys for card data.
    pub keys: keys::Keys,
    /// The reader.
    pub reader: reader::Readers,
    /// The database.
    pub database: database::Database,
    /// The certificate for the collector.
    pub certificate: certificate::Certificates,
    /// Date and time.
    pub clock: clock::Clock,
    /// Disk and swap.
    pub disk: disk::Disk,
    /// Files of the till.
    pub files: files::Files,
    /// Sockets on which others are waited for.
    pub network: network::Network,
    /// The machine and its kernel.
    pub machine: machine::Machine,
    /// The system and the programs.
    pub updates: updates::Updates,
}

impl Facts {
    /// Looks at everything.
    pub fn gather(wanted: &Wanted, places: &Places) -> Self {
        let now_ms = milliseconds(SystemTime::now()).unwrap_or_default();
        let till = till::gather(wanted, places);
        let processes = process::gather(places);
        let today = jiff::Zoned::now().date().to_string();
        let install = files::install_folder(&till, &processes);
        Self {
            now_ms,
            now: jiff::Zoned::now().strftime("%Y-%m-%d %H:%M %Z").to_string(),
            root: may_see_everything(),
            keys: keys::gather(&till.state, &today),
            reader: reader::gather(&till, places),
            database: database::gather(&till),
            certificate: certificate::gather(&till.state),
            clock: clock::gather(&till.state, places),
            today,
            disk: disk::gather(&till.state, places),
            files: files::gather(&till.state, &install, places),
            network: network::gather(places),
            machine: machine::gather(places),
            updates: updates::gather(places),
            till,
            processes,
        }
    }
}

/// As root, or with root's right to read every file and to look into every process.
fn may_see_everything() -> bool {
    let needed = CapabilitySet::DAC_READ_SEARCH | CapabilitySet::SYS_PTRACE;
    let has_rights = capabilities(None).is_ok_and(|sets| sets.effective.contains(needed));
    geteuid().is_root() || has_rights
}
