//! Which keys a till makes, and when it may not.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, Read},
    os::unix::fs::DirBuilderExt,
    path::Path,
};

use sealpoint_journal::JOURNAL_FILE;
use sealpoint_secret::SecretBytes;

use super::{args::Wanted, sealing::Sealing};
use crate::{exit::Exit, fault::Fault, plain_file};

/// The journal's key.
const DB_KEY: &str = "db.key";
/// The lane's key store's key.
const LANE_KEY: &str = "lane.key";
/// Bytes of each.
const KEY_LEN: usize = 32;
/// Random bytes; unlike its neighbour it waits until the kernel has some (random(4)).
const RANDOM: &str = "/dev/random";

/// Makes what is missing, and says what was made.
pub fn make_all(wanted: &Wanted) -> Result<String, Fault> {
    folder(&wanted.out)?;
    let journal = wanted.state.join(JOURNAL_FILE);
    if !is_there(&wanted.out.join(DB_KEY))? && is_there(&journal)? {
        return Err(Fault {
            exit: Exit::JournalWithoutKey,
            what: format!(
                "There is a journal, {}, and the credential {DB_KEY} that opens it is gone; a new \
                 one would lock it for good.",
                journal.display()
            ),
            remedy: format!(
                "Bring {DB_KEY} back into {} and start again. If it is lost for good, so is what \
                 that journal holds: tell the retailer, move the journal away, and start again.",
                wanted.out.display()
            ),
        });
    }
    let mut sealing = None;
    let mut done = Vec::new();
    for name in [DB_KEY, LANE_KEY] {
        let path = wanted.out.join(name);
        if is_there(&path)? {
            done.push(format!("{name} is there already and was left as it is."));
            continue;
        }
        let sealing = sealing.get_or_insert_with(|| Sealing::of_this_machine(&wanted.program));
        let key = random()?;
        let sealed = sealing.seal(name, &key)?;
        // A key that cannot be read again would lock up whatever is written under it.
        if sealing.open(name, &sealed)?.expose() != key.expose() {
            return Err(sealing.failed("gives another key back than it was given"));
        }
        keep(&path, &sealed)?;
        done.push(format!("{name} is made, sealed to {}.", sealing.to()));
    }
    Ok(done.join("\n"))
}

/// Makes the folder for its owner alone.
fn folder(path: &Path) -> Result<(), Fault> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| unwritable(path, &error))
}

/// Whether there is anything of that name. Not to know is no "no".
fn is_there(path: &Path) -> Result<bool, Fault> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Fault::files(
            format!("{} cannot be looked at ({error}).", path.display()),
            "Run this as root.",
        )),
    }
}

fn random() -> Result<SecretBytes, Fault> {
    let read = || -> io::Result<SecretBytes> {
        let mut key = SecretBytes::with_bound(KEY_LEN);
        key.fill_from(File::open(RANDOM)?.take(KEY_LEN as u64))?;
        if key.len() == KEY_LEN {
            Ok(key)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    };
    read().map_err(|error| {
        Fault::files(
            format!("{RANDOM} gives no random bytes ({error})."),
            "Restart this machine.",
        )
    })
}

/// Puts a file where none was, whole and on the disk when this returns; never over another.
fn keep(path: &Path, content: &[u8]) -> Result<(), Fault> {
    plain_file::put_new(path, 0o600, content).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Fault {
    Fault::files(
        format!("{} cannot be written ({error}).", path.display()),
        "Run this as root, and see that the disk has room.",
    )
}
