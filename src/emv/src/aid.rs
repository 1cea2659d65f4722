//! Application identifiers.

use core::fmt::{self, Debug, Display, Formatter};

use data_encoding::HEXUPPER;
use sealpoint_secret::LogSafe;
use thiserror::Error;

/// Bytes of the shortest AID: a registered identifier alone.
const MIN_AID: usize = 5;
/// Bytes of the longest.
const MAX_AID: usize = 16;

/// An application identifier or DF name, 5 to 16 bytes (EMV 4.4 Book 1 §12.2.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Aid {
    bytes: [u8; MAX_AID],
    len: usize,
}

/// The bytes offered are no AID.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("an AID has 5 to 16 bytes, not {offered}; correct it")]
pub struct AidError {
    /// Bytes that were offered.
    pub offered: usize,
}

impl Aid {
    /// An AID of these bytes.
    ///
    /// # Errors
    /// [`AidError`] unless there are 5 to 16.
    pub fn from_slice(offered: &[u8]) -> Result<Self, AidError> {
        let len = offered.len();
        if !(MIN_AID..=MAX_AID).contains(&len) {
            return Err(AidError { offered: len });
        }
        let mut bytes = [0; MAX_AID];
        bytes[..len].copy_from_slice(offered);
        Ok(Self { bytes, len })
    }

    /// Its bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Whether it begins with `other` and is longer: a partial match (EMV 4.4 Book 1 §12.3.1).
    #[must_use]
    pub fn extends(&self, other: &Self) -> bool {
        self.len > other.len && self.as_slice().starts_with(other.as_slice())
    }
}

impl Display for Aid {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(&HEXUPPER.encode_display(self.as_slice()), f)
    }
}

impl Debug for Aid {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "Aid({self})")
    }
}

impl LogSafe for Aid {}
