//! Names of terminals, keys and records.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One row of the outbox. The collector stores a record id at most once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = uuid::Uuid))]
pub struct RecordId(Uuid);

impl RecordId {
    /// Wraps a UUID that the caller minted (version 7, RFC 9562 section 5.7).
    #[must_use]
    pub const fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The 16 bytes of the UUID in network order.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for RecordId {
    type Err = uuid::Error;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse().map(Self)
    }
}

/// A name that is not fit for a terminal or a key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("\"{given}\" is no {what}. Use 1 to {max} characters of {alphabet}.")]
pub struct BadName {
    given: String,
    what: &'static str,
    max: usize,
    alphabet: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:tt, $alphabet:literal, $allowed:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1, max_length = $max))]
        pub struct $name(String);

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadName;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                let allowed: fn(char) -> bool = $allowed;
                if s.is_empty() || s.len() > $max || !s.chars().all(allowed) {
                    return Err(BadName {
                        given: s.chars().take(40).collect(),
                        what: $what,
                        max: $max,
                        alphabet: $alphabet,
                    });
                }
                Ok(Self(s.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;
            fn try_from(s: String) -> Result<Self, Self::Error> {
                s.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name! {
    /// A terminal identification: at most the eight characters of ISO 8583 DE 41 and EMV 9F1C.
    TerminalId, "terminal id", 8, "A to Z and 0 to 9",
    |c| c.is_ascii_uppercase() || c.is_ascii_digit()
}
name! {
    /// Which acquirer key sealed a card; the opener looks its private key up by it.
    KeyId, "key id", 32, "a to z, 0 to 9 and -",
    |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}
