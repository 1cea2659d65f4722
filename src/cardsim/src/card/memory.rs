//! What a chip keeps without power, so that a simulator that is started again has the same cards.
//!
//! No key, no PIN and no account data: counters and blocks.

use serde::{Deserialize, Serialize};

use super::{Card, PIN_TRIES};

/// What a card remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// CARD BLOCK was carried out.
    pub blocked: bool,
    /// PIN tries left.
    pub pin_tries_left: u8,
    /// In the order of the profile.
    pub applications: Vec<ApplicationMemory>,
}

/// What an application remembers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationMemory {
    /// Application Transaction Counter (9F36).
    pub atc: u16,
    /// Last Online ATC Register (9F13).
    pub last_online_atc: u16,
    /// APPLICATION BLOCK was carried out.
    pub blocked: bool,
}

impl Card {
    /// What it remembers.
    #[must_use]
    pub fn memory(&self) -> Memory {
        Memory {
            blocked: self.blocked,
            pin_tries_left: self.pin_tries_left,
            applications: self.applications.iter().map(|app| app.memory()).collect(),
        }
    }

    /// Makes it remember; an ATC never goes back.
    pub fn recall(&mut self, memory: &Memory) {
        self.blocked = memory.blocked;
        self.pin_tries_left = memory.pin_tries_left.min(PIN_TRIES);
        for (application, memory) in self.applications.iter_mut().zip(&memory.applications) {
            application.recall(memory);
        }
    }
}
