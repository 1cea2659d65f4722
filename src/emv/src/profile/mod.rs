//! A terminal's profile as TOML, and the checks that make [`TerminalData`] of it.
//!
//! `docs/profile.md` lists every key. A profile is refused whole, with the line, the key, what is
//! wrong with it and what to write instead, rather than run with a part of it left out: a terminal
//! that claims what it cannot do misleads card and issuer.

mod application;
mod capabilities;
mod contactless;
mod error;
mod keys;
mod sealing;
mod section;
mod terminal;

pub use error::ProfileError;

use crate::terminal::TerminalData;
use section::Document;

/// Bytes that a profile may have.
pub const MAX_PROFILE: usize = 256 * 1024;

/// What the top of a profile may hold.
const KEYS: [&str; 5] = ["terminal", "application", "capk", "revoked", "sealing"];

/// The demo's terminal: attended, online only, German, for Visa, Mastercard and Maestro test cards.
#[cfg(any(test, feature = "demo"))]
#[must_use]
pub fn demo_profile() -> TerminalData {
    TerminalData::from_toml(include_str!("../demo.toml"))
        .expect("the demo profile is part of the program and a test reads it")
}

impl TerminalData {
    /// Reads and checks a profile.
    ///
    /// # Errors
    /// [`ProfileError`] names the first thing that is wrong: its line, its key, what is wrong with
    /// it, and what to write instead.
    pub fn from_toml(text: &str) -> Result<Self, ProfileError> {
        if text.len() > MAX_PROFILE {
            return Err(ProfileError::TooLong);
        }
        let document = Document::parse(text)?;
        let top = document.top(&KEYS)?;
        let mut terminal = terminal::read(&top)?;
        terminal.applications = application::read_all(&top, &terminal)?;
        terminal.keys = keys::read_all(&top, &terminal.applications)?;
        terminal.revoked = keys::read_revoked(&top)?;
        terminal.sealing = sealing::read(&top)?;
        Ok(terminal)
    }
}

/// Every key that a profile may have, for the test that looks for them in the documentation.
#[cfg(test)]
pub(crate) fn all_keys() -> Vec<&'static str> {
    let of_tables: [&[&str]; 8] = [
        &KEYS,
        &terminal::KEYS,
        &application::KEYS,
        &application::RANDOM_KEYS,
        &contactless::KEYS,
        &keys::KEYS,
        &keys::REVOKED_KEYS,
        &sealing::KEYS,
    ];
    of_tables.concat()
}
