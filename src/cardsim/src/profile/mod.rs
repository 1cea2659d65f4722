//! A card as data: what a TOML profile holds, and the named cards we ship.
//!
//! A profile says who the card belongs to, which application it carries and
//! how it behaves; records, AFL, AIP and data object lists are built from it
//! (see [`crate::card`]), so they cannot contradict each other. All PANs are
//! well-known public test numbers.

mod application;
mod behaviour;
mod fields;
mod rules;
mod shipped;

use std::ops::Range;

use serde::Deserialize;

pub use application::{Application, Authentication, Contactless, CvmAmounts, IssuerCheck, Scheme};
pub use behaviour::{Behaviour, Counters, Misbehaviour, RemoveAt};
pub(crate) use fields::response_code;
pub use fields::{Date, Hex};
pub use shipped::{all, shipped};
pub(crate) use shipped::{declined_by_issuer, sent_by_issuer};

/// A profile longer than this is not one (bytes).
const TEXT_MAX: usize = 16 * 1024;

/// The longest pause per APDU that a profile may ask for, in milliseconds.
pub const DELAY_MS_MAX: u64 = 10_000;

/// Everything about one card.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The name by which it is inserted: `visa-approved`.
    pub name: String,
    /// What a person reads on the button.
    pub title: String,
    /// What happens when this card is used, in one sentence.
    pub what: String,
    /// The response code with which the simulated issuer declines this card,
    /// through the decline list of [`crate::IssuerKeys::create`].
    pub issuer_declines: Option<String>,
    /// How the card is put to the reader.
    #[serde(default)]
    pub interface: Interface,
    /// The scripts that the simulated issuer sends to this card with every answer, through the
    /// script list of [`crate::IssuerKeys::create`]: `"72 pin-unblock"`.
    #[serde(default)]
    pub issuer_sends: Vec<String>,
    /// The chip's application.
    pub application: Application,
    /// Whose card it is.
    pub holder: Holder,
    /// A second application, with an account of its own.
    pub second: Option<Second>,
    /// What it does differently from a plain card.
    #[serde(default)]
    pub behaviour: Behaviour,
    /// Where its counters stand when it is made.
    #[serde(default)]
    pub counters: Counters,
}

/// The application beside the first.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Second {
    /// The application.
    pub application: Application,
    /// Whose account it is for.
    pub holder: Holder,
}

/// How a card is put to the reader.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Interface {
    /// Inserted.
    #[default]
    Contact,
    /// Tapped: the applications need a contactless side.
    Contactless,
}

/// The cardholder's data.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// Cardholder Name (5F20), 2 to 26 characters.
    pub name: String,
    /// A public test PAN, with valid check digit.
    pub pan: String,
    /// PAN Sequence Number (5F34).
    #[serde(default)]
    pub psn: u8,
    /// Application Effective Date (5F25).
    pub effective: Date,
    /// Application Expiration Date (5F24).
    pub expiry: Date,
    /// Service Code (5F30), three digits; also in track 2.
    #[serde(default = "defaults::service_code")]
    pub service_code: String,
    /// Track 2's discretionary digits; no card verification value in them.
    #[serde(default = "defaults::discretionary")]
    pub discretionary: String,
    /// Issuer Country Code (5F28).
    #[serde(default = "defaults::country")]
    pub country: Hex,
    /// Application Currency Code (9F42).
    #[serde(default = "defaults::currency")]
    pub currency: Hex,
    /// Language Preference (5F2D).
    #[serde(default = "defaults::language")]
    pub language: String,
    /// Offline PIN, 4 to 12 digits; without one VERIFY finds nothing.
    pub pin: Option<String>,
}

mod defaults {
    use super::Hex;

    pub(super) fn service_code() -> String {
        "201".into()
    }
    pub(super) fn discretionary() -> String {
        "0000000".into()
    }
    pub(super) fn country() -> Hex {
        Hex(vec![0x02, 0x76])
    }
    pub(super) fn currency() -> Hex {
        Hex(vec![0x09, 0x78])
    }
    pub(super) fn language() -> String {
        "deen".into()
    }
}

/// Why a profile is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not TOML, an unknown key, a missing one, or a value of the wrong form.
    #[error("card profile, line {line}: {what}; correct that line")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// What is wrong; never the value.
        what: String,
    },
    /// A value that has the right form but makes no card.
    #[error("card profile: {key} must be {rule}; correct it")]
    Invalid {
        /// The key, dotted from the top.
        key: &'static str,
        /// What is expected.
        rule: &'static str,
    },
    /// Larger than any profile.
    #[error("the card profile is too large; a profile has a few dozen lines")]
    TooLarge,
}

impl Profile {
    /// Reads and checks a profile.
    ///
    /// # Errors
    /// [`ProfileError`] names the line, or the key and what it must be.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        if text.len() > TEXT_MAX {
            return Err(ProfileError::TooLarge);
        }
        let profile: Self = toml::from_str(text).map_err(|error| ProfileError::Malformed {
            line: line_of(text, error.span()),
            what: without_value(error.message()),
        })?;
        rules::check(&profile)?;
        Ok(profile)
    }
}

/// The line, from 1, at which `span` begins.
pub(crate) fn line_of(text: &str, span: Option<Range<usize>>) -> usize {
    let start = span.map_or(0, |span| span.start).min(text.len());
    1 + text.as_bytes()[..start]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
}

/// A parser's message without the value it quotes: that may be a PAN or key.
pub(crate) fn without_value(message: &str) -> String {
    match message.split_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid") => {
            format!("the value isn't {expected}")
        }
        _ => message.lines().next().unwrap_or_default().to_owned(),
    }
}
