//! Out of service: what this till holds is destroyed.
//!
//! The journal is enciphered, so its key goes first: overwritten, then removed, where it lies in a
//! file. In production it is a credential of the system, which this process cannot reach; the
//! files go all the same, and `docs/enrolment.md` says what IT does about the credential.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::state::State;

/// Bytes that a key file is overwritten in one go; it is smaller.
const OVER: [u8; 256] = [0; 256];

/// Destroys the journal, its key and the receipts. Goes on after an error and gives the first: what
/// can be destroyed is.
///
/// # Errors
/// The first thing that the system refused.
pub fn destroy(state: &State) -> io::Result<()> {
    let journal = state.journal();
    let beside = |suffix: &str| {
        let mut name = journal.as_os_str().to_owned();
        name.push(suffix);
        name
    };
    let receipts = fs::read_dir(state.receipts()).into_iter().flatten();
    let mut files = vec![
        journal.clone(),
        beside("-wal").into(),
        beside("-journal").into(),
    ];
    files.extend(receipts.flatten().map(|entry| entry.path()));
    let mut done = overwrite(&state.key());
    for file in [vec![state.key()], files].concat() {
        // Evaluated before it is weighed: a refusal stops nothing.
        let removed = remove(&file);
        done = done.and(removed);
    }
    done
}

fn overwrite(file: &Path) -> io::Result<()> {
    let mut open = match OpenOptions::new().write(true).open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    open.write_all(&OVER)?;
    open.sync_all()
}

fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_journal_its_key_and_the_receipts_is_left() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let state = State::open(folder.path()).expect("a folder of its own");
        let wal = folder.path().join("journal.db-wal");
        let receipt = state.receipts().join("1.txt");
        let all = [state.journal(), state.key(), wal, receipt];
        for file in &all {
            fs::write(file, "content").expect("written");
        }
        // Another name for the same bytes: what is overwritten is gone there too.
        let copy = folder.path().join("copy");
        fs::hard_link(state.key(), &copy).expect("linked");
        destroy(&state).expect("all of it is ours");
        for file in &all {
            assert!(!file.exists(), "{}", file.display());
        }
        let left = fs::read(copy).expect("readable");
        assert!(left.iter().all(|byte| *byte == 0));
        destroy(&state).expect("doing it again is no error");
    }
}
