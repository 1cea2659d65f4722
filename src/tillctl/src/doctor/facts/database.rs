//! The till's database, when no till has it open.

use std::{fs, path::Path};

use sealpoint_journal::{Checked, DbKey, JOURNAL_FILE, JournalError, KEY_FILE};

use super::{Seen, till::Till};

/// The database.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Database {
    /// Its size in bytes.
    pub size: Seen<u64>,
    /// Whether a key file lies beside it.
    pub key_file: bool,
    /// What a look at every page found; `None` if there was none.
    pub looked: Option<Looked>,
}

/// What a look at every page found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Looked {
    /// Each page is as it was written.
    Sound,
    /// It is damaged, or no journal, or not of this key; what and what to do.
    Wrong(String),
    /// The key cannot be used; why and what to do.
    NoKey(String),
    /// It could not be looked at; why.
    NotNow(String),
}

/// Looks. A till that runs has its database locked and looks at it itself.
pub fn gather(till: &Till) -> Database {
    let path = till.state.join(JOURNAL_FILE);
    let key = till.state.join(KEY_FILE);
    let size = match fs::symlink_metadata(&path) {
        Ok(found) if found.is_file() => Seen::There(found.len()),
        Ok(_) => Seen::Broken("it is no plain file".to_owned()),
        Err(error) => Seen::from_error(&error),
    };
    let key_file = fs::symlink_metadata(&key).is_ok_and(|found| found.is_file());
    let closed = matches!(till.holder, Seen::There(None));
    let there = matches!(size, Seen::There(1..));
    Database {
        looked: (closed && there && key_file).then(|| look(&path, &key)),
        size,
        key_file,
    }
}

fn look(path: &Path, key: &Path) -> Looked {
    let key = match DbKey::load(key) {
        Ok(key) => key,
        Err(error) => return Looked::NoKey(error.to_string()),
    };
    match sealpoint_journal::check(path, &key) {
        Ok(Checked::Sound) => Looked::Sound,
        Ok(Checked::NotNow(why)) => Looked::NotNow(why.to_owned()),
        Err(error @ (JournalError::InUse(_) | JournalError::Unreachable(_))) => {
            Looked::NotNow(error.to_string())
        }
        Err(error) => Looked::Wrong(error.to_string()),
    }
}
