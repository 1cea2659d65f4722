//! The till as a whole: its state folder, configuration, lock, and what it wrote of itself.

use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use sealpoint_wire::status::{MAX_STATUS, STATUS_FILE, TillStanding};

use super::{
    super::{args::Wanted, places::Places},
    Seen,
};
use crate::plain_file::{self, Links};

/// The till's configuration in its state folder.
const CONFIG_FILE: &str = "till.toml";
/// At most this many bytes of configuration; the till takes no more either.
const MAX_CONFIG: u64 = 64 * 1024;
/// The file that a running till has locked.
const LOCK_FILE: &str = "till.lock";

/// The till as a whole.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Till {
    /// Its state folder.
    pub state: PathBuf,
    /// Whether that can be looked into.
    pub folder: Seen<()>,
    /// Its configuration.
    pub config: Seen<Config>,
    /// Where the configuration was looked for.
    pub config_path: PathBuf,
    /// Whether that place was named on the command line.
    pub config_named: bool,
    /// The process that holds the lock of the state folder.
    pub holder: Seen<Option<u32>>,
    /// What the till wrote of itself.
    pub said: Seen<Box<TillStanding>>,
}

/// What of a configuration concerns this program.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Config {
    /// `demo` or `production`.
    pub mode: Option<String>,
    /// The terminal id.
    pub terminal: Option<String>,
    /// What is shown when sales are not real.
    pub mark: String,
    /// `pcsc`, `pcsc:NAME` or `virtual:SOCKET`.
    pub reader: String,
    /// The collector, if any.
    pub collector: Option<String>,
}

impl Till {
    /// Whether a till runs on the state folder, as far as that can be seen.
    pub fn runs(&self) -> bool {
        matches!(self.holder, Seen::There(Some(_)))
    }

    /// Whether it is in production mode: while it runs by its own word, else by what it is set up
    /// to, or was when it ran.
    pub fn production(&self) -> Option<bool> {
        let said = self.said.there().map(|said| said.production);
        let mode = self
            .config
            .there()
            .and_then(|config| config.mode.as_deref());
        let set = mode.map(|mode| mode == "production");
        if self.runs() {
            said.or(set)
        } else {
            set.or(said)
        }
    }

    /// The terminal, by what the till said last or by its configuration.
    pub fn terminal(&self) -> Option<String> {
        let said = self.said.there().map(|said| said.terminal.to_string());
        said.or_else(|| self.config.there()?.terminal.clone())
    }
}

/// Looks.
pub fn gather(wanted: &Wanted, places: &Places) -> Till {
    let state = fs::canonicalize(&wanted.state).unwrap_or_else(|_| wanted.state.clone());
    let folder = match fs::read_dir(&state) {
        Ok(_) => Seen::There(()),
        Err(error) => Seen::from_error(&error),
    };
    let named = wanted.config.clone();
    let config_path = named.clone().unwrap_or_else(|| state.join(CONFIG_FILE));
    Till {
        folder,
        config: config(&config_path),
        config_path,
        config_named: named.is_some(),
        holder: holder(places, &state.join(LOCK_FILE)),
        said: said(&state.join(STATUS_FILE)),
        state,
    }
}

fn config(path: &Path) -> Seen<Config> {
    let bytes = match plain_file::read(path, MAX_CONFIG, Links::Refused) {
        Ok(bytes) => bytes,
        Err(error) => return Seen::from_error(&error),
    };
    let table: toml::Table = match toml::from_str(&String::from_utf8_lossy(&bytes)) {
        Ok(table) => table,
        Err(error) => return Seen::Broken(error.message().chars().take(160).collect()),
    };
    let text = |key: &str| Some(table.get(key)?.as_str()?.to_owned());
    Seen::There(Config {
        mode: text("mode"),
        terminal: text("terminal"),
        mark: text("mark").unwrap_or_default(),
        reader: text("reader").unwrap_or_else(|| "pcsc".to_owned()),
        collector: text("collector"),
    })
}

fn said(path: &Path) -> Seen<Box<TillStanding>> {
    match plain_file::read(path, MAX_STATUS, Links::Refused) {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(said) => Seen::There(Box::new(said)),
            Err(error) => {
                Seen::Broken(format!("it is no record of a till (line {})", error.line()))
            }
        },
        Err(error) => Seen::from_error(&error),
    }
}

/// How often `/proc/locks` is read before nobody holds a lock: the kernel gives it in pieces, and a line
/// between two of them is left out when another process unlocks something meanwhile.
const LOOKS: usize = 8;

/// The process that holds the lock, by `/proc/locks`. The lock itself is not tried: a till that
/// starts in that moment would find it taken.
fn holder(places: &Places, path: &Path) -> Seen<Option<u32>> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Seen::There(None),
        Err(error) => return Seen::from_error(&error),
    };
    let device = (
        u64::from(rustix::fs::major(found.dev())),
        u64::from(rustix::fs::minor(found.dev())),
    );
    let mut held = Ok(None);
    for _ in 0..LOOKS {
        held = places
            .text("proc/locks")
            .map(|locks| holder_in(&locks, device, found.ino()));
        if !matches!(held, Ok(None)) {
            break;
        }
    }
    match held {
        Ok(holder) => Seen::There(holder),
        Err(error) => Seen::from_error(&error),
    }
}

/// `1: FLOCK  ADVISORY  WRITE 4711 fe:00:42 0 EOF` (proc_locks(5)). File systems with several
/// volumes show a device there that stat(2) does not: then the inode has to do.
fn holder_in(locks: &str, device: (u64, u64), inode: u64) -> Option<u32> {
    let line = |line: &str| {
        let mut columns = line.split_whitespace();
        if columns.nth(1)? != "FLOCK" {
            return None;
        }
        let pid: u32 = columns.nth(2)?.parse().ok()?;
        let mut file = columns.next()?.split(':');
        let major = u64::from_str_radix(file.next()?, 16).ok()?;
        let minor = u64::from_str_radix(file.next()?, 16).ok()?;
        let its: u64 = file.next()?.parse().ok()?;
        (its == inode).then_some((pid, (major, minor)))
    };
    let held: Vec<_> = locks.lines().filter_map(line).collect();
    let same = held.iter().find(|(_, its)| *its == device);
    let volume = |its: &(u64, u64)| its.0 == 0 || device.0 == 0;
    let likely = || held.iter().find(|(_, its)| volume(its));
    same.or_else(likely).map(|(pid, _)| *pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKS: &str = "\
        1: POSIX  ADVISORY  WRITE 7 fe:00:42 0 EOF\n\
        2: FLOCK  ADVISORY  WRITE 4711 fe:00:42 0 EOF\n\
        3: FLOCK  ADVISORY  WRITE 4712 00:1f:43 0 EOF\n\
        3: -> FLOCK ADVISORY\nnonsense\n";

    #[test]
    fn the_holder_of_a_lock_is_found_by_device_and_inode() {
        assert_eq!(holder_in(LOCKS, (0xfe, 0), 42), Some(4711));
        assert_eq!(holder_in(LOCKS, (0xfe, 1), 42), None);
        assert_eq!(holder_in(LOCKS, (0xfe, 0), 44), None);
        // A volume of a file system that has several.
        assert_eq!(holder_in(LOCKS, (0, 0x2a), 43), Some(4712));
    }
}
