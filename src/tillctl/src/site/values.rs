//! The values of a `site.toml`, each checked as it is read: a value that is here can add no line and
//! no word to a file that is made of it.

mod network;
mod text;

pub use network::{CollectorAddress, HostName, TillAddress, UsbId};
pub use text::{FileName, Keyboard, Line, Reader, ReceiptLine, Scale, TimeZoneName};

/// A type that is read from text by `FromStr`, and written as it displays.
macro_rules! from_text {
    ($($name:ident)*) => {$(
        impl TryFrom<String> for $name {
            type Error = <Self as core::str::FromStr>::Err;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    )*};
}
use from_text;

/// Why a value is not taken: what it is to be, for whoever wrote it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{found:?} is no {kind}: {wanted}")]
pub struct BadValue {
    found: String,
    kind: &'static str,
    wanted: &'static str,
}

impl BadValue {
    /// At most this much of the value in the error.
    const QUOTED: usize = 60;

    fn new(found: &str, kind: &'static str, wanted: &'static str) -> Self {
        Self {
            found: found.chars().take(Self::QUOTED).collect(),
            kind,
            wanted,
        }
    }
}

#[cfg(test)]
mod tests;
