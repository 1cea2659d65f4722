//! The lane process, as the engine talks to it. Reading a card takes the proof that its attempt
//! is on the disk.

use sealpoint_journal::IntentWritten;
use sealpoint_wire::lane::ReadCard;
use sealpoint_wire::{FromLane, TerminalId, ToLane};

use crate::child::{Ears, Source, Supervised};
use crate::event::{Event, Events};

/// The card process.
pub struct Lane {
    process: Supervised<FromLane>,
    terminal: TerminalId,
}

impl Lane {
    /// Starts it, for the terminal with this id.
    pub fn start(source: Source, terminal: &TerminalId, events: Events) -> Self {
        let ears = Ears {
            said: Event::Lane,
            ended: Event::LaneDown,
        };
        Self {
            process: Supervised::start("lane", source, ears, events),
            terminal: terminal.clone(),
        }
    }

    /// Asks for a card to be read. The proof is used up: one intent, one card.
    pub fn read_card(
        &mut self,
        proof: IntentWritten,
        insert_timeout_ms: u32,
        offline_up_to_minor: i64,
    ) {
        let intent = proof.intent();
        self.process.send(&ToLane::Read(ReadCard {
            attempt: intent.attempt,
            terminal: self.terminal.clone(),
            amount_minor: intent.amount_minor,
            currency: intent.currency,
            local_time: intent.local_time.clone(),
            stan: proof.stan(),
            insert_timeout_ms,
            offline_up_to_minor,
        }));
    }

    /// Tells it what is no order to read a card; those go through [`Lane::read_card`].
    pub fn tell(&mut self, message: &ToLane) {
        if !matches!(message, ToLane::Read(_)) {
            self.process.send(message);
        }
    }

    /// The process under it.
    pub fn process(&mut self) -> &mut Supervised<FromLane> {
        &mut self.process
    }
}
