//! Where the acquirer is, and how it wants to be spoken to.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sealpoint_acquirer::profile::MAX_PROFILE;
use sealpoint_acquirer::{Profile, ProfileError};

/// Where the acquirer is, and how it wants to be spoken to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acquirer {
    /// `HOST:PORT`.
    pub address: String,
    /// Its profile.
    pub profile: Profile,
}

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileFileError {
    /// The file.
    #[error("The acquirer profile {} cannot be read ({error}). Check --acquirer-profile.", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// What is in it.
    #[error(transparent)]
    Profile(#[from] ProfileError),
}

impl Acquirer {
    /// The acquirer at `address`, with the profile in this file or the ordinary one.
    ///
    /// # Errors
    /// [`ProfileFileError`].
    pub fn new(address: String, profile: Option<&Path>) -> Result<Self, ProfileFileError> {
        let profile = match profile {
            Some(path) => Profile::from_toml(&read(path)?)?,
            None => Profile::default(),
        };
        Ok(Self { address, profile })
    }
}

fn read(path: &Path) -> Result<String, ProfileFileError> {
    let mut text = String::new();
    let bound = u64::try_from(MAX_PROFILE).unwrap_or(u64::MAX) + 1;
    File::open(path)
        .and_then(|file| file.take(bound).read_to_string(&mut text))
        .map_err(|error| ProfileFileError::Unreadable {
            path: path.to_owned(),
            error,
        })?;
    Ok(text)
}
