//! Cards, and the program beside them.

use std::{
    path::Path,
    process::{Command, Output},
};

use sealpoint_cardsim::{IssuerKeys, Profile, Slot, profile};
use serde_json::Value;
use tempfile::TempDir;

/// What a run of the program said.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Standard output as the one JSON object that it must be.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }

    /// A field of the JSON object, as text.
    pub fn text(&self, field: &str) -> String {
        match &self.json()[field] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// Runs `tillctl` with these arguments.
pub fn tillctl(arguments: &[&str]) -> Ran {
    let output: Output = Command::new(env!("CARGO_BIN_EXE_tillctl"))
        .args(arguments)
        .output()
        .expect("tillctl runs");
    Ran {
        code: output.status.code().expect("it ends by itself"),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}

/// The shipped card of this name.
pub fn card(name: &str) -> Profile {
    let mut shipped = profile::all().into_iter();
    shipped
        .find(|card| card.name == name)
        .unwrap_or_else(|| panic!("there is no card {name}"))
}

/// A place for these cards, with keys of its own in `folder`.
pub fn slot(folder: &Path, cards: &[Profile]) -> Slot {
    let issuer = IssuerKeys::create(&folder.join("issuer")).expect("keys");
    Slot::new(cards, &issuer).expect("cards")
}

/// A folder that goes with the test.
pub fn folder() -> TempDir {
    TempDir::new().expect("a folder")
}

/// The card's number must be nowhere in what was said.
pub fn assert_no_pan(ran: &Ran, card: &Profile) {
    let pan = card.holder.pan.as_str();
    for said in [&ran.out, &ran.err] {
        assert!(!said.contains(pan), "the card number was said");
        assert!(!said.contains(&format!("{pan}D")), "track 2 was said");
    }
}
