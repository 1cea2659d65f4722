//! What a key is for.

use core::fmt;
use core::str::FromStr;

use sealpoint_wire::seal::DukptScheme;
use serde::Deserialize;

/// What a key of the manifest is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum KeyKind {
    /// An acquirer's public key, X-Wing: cards are sealed to it.
    XWing,
    /// This till's initial key of a DUKPT key set (ANSI X9.24-3:2017, X9.24-1:2009 for TDES).
    Dukpt(DukptScheme),
    /// The retailer's key that makes card tokens.
    Token,
    /// The key that other keys travel under (KBPK, ANSI X9.143).
    KeyBlockProtection,
}

/// A text that is no kind of key.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "\"{0}\" is no kind of key: it is x_wing, dukpt_aes128, dukpt_aes192, dukpt_aes256, \
     dukpt_tdes2, token or key_block_protection"
)]
pub struct BadKind(String);

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::XWing,
        Self::Dukpt(DukptScheme::Aes128),
        Self::Dukpt(DukptScheme::Aes192),
        Self::Dukpt(DukptScheme::Aes256),
        Self::Dukpt(DukptScheme::Tdes2),
        Self::Token,
        Self::KeyBlockProtection,
    ];

    /// Its name, for files and programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::XWing => "x_wing",
            Self::Dukpt(DukptScheme::Aes128) => "dukpt_aes128",
            Self::Dukpt(DukptScheme::Aes192) => "dukpt_aes192",
            Self::Dukpt(DukptScheme::Aes256) => "dukpt_aes256",
            Self::Dukpt(DukptScheme::Tdes2) => "dukpt_tdes2",
            Self::Token => "token",
            Self::KeyBlockProtection => "key_block_protection",
        }
    }

    /// Whether the key itself may be known to everybody.
    #[must_use]
    pub const fn is_public(self) -> bool {
        matches!(self, Self::XWing)
    }

    /// Whether cards can be sealed with it.
    #[must_use]
    pub const fn seals(self) -> bool {
        matches!(self, Self::XWing | Self::Dukpt(_))
    }

    /// Whether each till may have a key of its own under one name.
    #[must_use]
    pub const fn may_differ(self) -> bool {
        matches!(self, Self::Dukpt(_) | Self::KeyBlockProtection)
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for KeyKind {
    type Err = BadKind;
    fn from_str(text: &str) -> Result<Self, BadKind> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == text);
        known.ok_or_else(|| BadKind(text.chars().take(40).collect()))
    }
}

impl<'de> Deserialize<'de> for KeyKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
