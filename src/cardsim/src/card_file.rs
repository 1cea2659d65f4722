//! What the cards remember, in a file: a simulator that is started again has the same cards, and no
//! card's counter begins again. A host would take it for a copy.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::card::Memory;

/// A file longer than this is not one (bytes).
const FILE_MAX: u64 = 256 * 1024;

/// Why the file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum CardFileError {
    /// Reading or writing failed.
    #[error("{path}: {source}; choose a file in a folder that is yours")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Not ours.
    #[error(
        "{0} is no file of cards; move it away, and the host's ledger with it, to begin with new cards"
    )]
    Malformed(PathBuf),
}

/// An open file of memories by the name of the card.
pub(crate) struct CardFile {
    path: PathBuf,
    known: Mutex<BTreeMap<String, Memory>>,
}

impl CardFile {
    /// Reads the file; none yet is an empty one.
    pub(crate) fn open(path: &Path) -> Result<Self, CardFileError> {
        let malformed = || CardFileError::Malformed(path.into());
        let known = match fs::metadata(path) {
            Ok(about) if about.len() > FILE_MAX => return Err(malformed()),
            Ok(_) => {
                let text = fs::read(path).map_err(|source| io(path, source))?;
                serde_json::from_slice(&text).map_err(|_| malformed())?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(source) => return Err(io(path, source)),
        };
        let file = Self {
            path: path.into(),
            known: Mutex::new(known),
        };
        // Rather now than when the first card is used.
        file.write(&file.known())?;
        Ok(file)
    }

    pub(crate) fn recall(&self, name: &str) -> Option<Memory> {
        self.known().get(name).cloned()
    }

    /// Writes down what a card remembers, if that is news.
    pub(crate) fn keep(&self, name: &str, memory: Memory) {
        let mut known = self.known();
        if known.get(name) == Some(&memory) {
            return;
        }
        known.insert(name.into(), memory);
        if let Err(error) = self.write(&known) {
            tracing::error!(%error, "a card will not remember its last use");
        }
    }

    /// Whoever reads the file sees all of it, old or new.
    fn write(&self, known: &BTreeMap<String, Memory>) -> Result<(), CardFileError> {
        let half = self.path.with_extension("part");
        let text = serde_json::to_vec(known).map_err(io::Error::other);
        text.and_then(|text| fs::write(&half, text))
            .and_then(|()| fs::rename(&half, &self.path))
            .map_err(|source| io(&self.path, source))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Memory>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn io(path: &Path, source: io::Error) -> CardFileError {
    CardFileError::Io {
        path: path.into(),
        source,
    }
}
