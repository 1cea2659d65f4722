//! The loop: watches the reader, takes orders, runs one charge after the other.

use std::time::{Duration, Instant};

use sealpoint_vault::{CardCoder, SystemRandom};
use sealpoint_wire::{
    CardOutcome, FromLane, Posture, ReaderState, TerminalId, ToLane, WIRE_VERSION,
    lane::{CardPrompt, OutcomeKind, ReadCard},
};

use crate::{
    answers::{self, without_card},
    at_till::{AtTill, tell_reader},
    charge::{Charging, POLL, Plan},
    counterpart::Fault,
    measure::{Counts, Times},
    memory::Memory,
    random::NO_RANDOM,
    reader::Reader,
    set_up::{Outlook, Ready, SetUp},
    till::{End, Till},
    watch::{Look, Watch},
};

/// How often keys and profile are looked at while no card is charged.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// The card process.
pub struct Lane {
    till: Till,
    reader: Box<dyn Reader>,
    set_up: SetUp,
    terminal: TerminalId,
    random: SystemRandom,
    /// What the till was last told of the reader.
    told: Option<ReaderState>,
    watch: Watch,
    /// Made with the first charge.
    memory: Option<Memory>,
    /// How this process protects itself, for the till.
    posture: Option<Posture>,
}

/// Why the lane stops, other than because the till closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LaneError {
    /// A message was not understood.
    #[error(
        "The till sent a message that this lane does not understand. Install till and lane from \
         the same release."
    )]
    NotUnderstood,
}

impl Lane {
    /// A lane for that terminal and till.
    #[must_use]
    pub fn new(till: Till, reader: Box<dyn Reader>, set_up: SetUp, terminal: TerminalId) -> Self {
        Self {
            till,
            reader,
            set_up,
            terminal,
            random: SystemRandom::new(),
            told: None,
            watch: Watch::default(),
            memory: None,
            posture: None,
        }
    }

    /// Tells the till with the first word how this process protects itself.
    #[must_use]
    pub fn protected(mut self, posture: Posture) -> Self {
        self.posture = Some(posture);
        self
    }

    /// Serves the till until it closes; a charge under way is brought to its end first.
    ///
    /// # Errors
    /// [`LaneError`] if the till speaks another language.
    pub fn run(mut self) -> Result<(), LaneError> {
        let mut outlook = self.set_up.outlook();
        self.till.tell(&FromLane::Hello {
            version: WIRE_VERSION,
            cannot_charge: outlook.cannot_charge.clone(),
            posture: self.posture.take(),
        });
        self.tell_outlook(&outlook);
        let mut looked = Instant::now();
        loop {
            self.look();
            if looked.elapsed() >= LOOK_AGAIN {
                looked = Instant::now();
                let now = self.set_up.outlook();
                if now != outlook {
                    outlook = now;
                    self.tell_outlook(&outlook);
                }
            }
            match self.till.hear(POLL) {
                Some(ToLane::Read(read)) => self.serve(&read),
                Some(
                    ToLane::Host { attempt, .. }
                    | ToLane::UnableToGoOnline { attempt }
                    | ToLane::Chosen { attempt, .. }
                    | ToLane::Cancel { attempt },
                ) => tracing::debug!(%attempt, "a word on an attempt that is over"),
                Some(ToLane::Erase { .. }) => self.till.tell(&FromLane::Erased {
                    refused: Some("This lane takes no such order.".to_owned()),
                }),
                None => {}
            }
            match self.till.end() {
                None => {}
                Some(End::Closed) => return Ok(()),
                Some(End::NotUnderstood) => return Err(LaneError::NotUnderstood),
            }
        }
    }

    /// Tells the till how keys and profile stand.
    fn tell_outlook(&mut self, outlook: &Outlook) {
        let Outlook {
            cannot_charge,
            warnings,
        } = outlook.clone();
        match &cannot_charge {
            Some(why) => tracing::warn!(why, "no card can be charged"),
            None => tracing::info!("cards can be charged"),
        }
        for warning in &warnings {
            tracing::warn!(warning, "the set-up");
        }
        self.till.tell(&FromLane::SetUp {
            cannot_charge,
            warnings,
            offline: None,
        });
    }

    /// Looks at the reader, and tells the till if it changed.
    fn look(&mut self) -> Look {
        let look = self.watch.look(self.reader.as_mut());
        tell_reader(&mut self.till, &mut self.told, look.state());
        look
    }

    /// Reads a card as ordered and tells the outcome, once.
    fn serve(&mut self, read: &ReadCard) {
        let attempt = read.attempt;
        tracing::info!(%attempt, "an attempt begins");
        let outcome = match self.charge(read) {
            Ok(outcome) => outcome,
            Err(Fault { kind, why }) => without_card(kind, why),
        };
        let kind = outcome.kind;
        tracing::info!(%attempt, ?kind, "the attempt is over");
        self.till.tell(&FromLane::Outcome { attempt, outcome });
        self.reader.power_off();
        // A service may take a moment to see that a card which was pulled has gone.
        if self.look().spent_in && kind != OutcomeKind::CardRemoved {
            let prompt = CardPrompt::RemoveCard;
            self.till.tell(&FromLane::Prompt { attempt, prompt });
        }
    }

    fn charge(&mut self, read: &ReadCard) -> Result<CardOutcome, Fault> {
        let refuse = |why| Fault::new(OutcomeKind::CannotSeal, why);
        let ready = self.prepare(read).map_err(refuse)?;
        let memory = match &mut self.memory {
            Some(memory) => memory,
            None => {
                let coder =
                    CardCoder::new(&self.random).map_err(|_| refuse(NO_RANDOM.to_owned()))?;
                self.memory.insert(Memory::new(coder))
            }
        };
        let mut till = AtTill {
            till: &mut self.till,
            told: &mut self.told,
            read,
            set_up: &mut self.set_up,
            ready: &ready,
            random: &self.random,
            memory,
            code: None,
            token: None,
        };
        let ended = Charging {
            reader: self.reader.as_mut(),
            watch: &mut self.watch,
            counterpart: &mut till,
            random: &self.random,
            transcript: None,
            counts: Counts::default(),
            times: Times::default(),
            charged: None,
        }
        .run(&Plan {
            terminal: &ready.terminal,
            charge: answers::charge(read),
            wait: Duration::from_millis(read.insert_timeout_ms.into()),
        })?;
        let (code, token) = (till.code, till.token.take());
        let mut outcome = answers::outcome(ended);
        if let Some(card) = &mut outcome.card {
            ready.keys.restrict(card, token.as_ref());
        }
        if let (OutcomeKind::Approved, Some(code)) = (outcome.kind, code) {
            let currency = read.currency.numeric();
            memory.charged(code, currency, read.amount_minor, Instant::now());
        }
        Ok(outcome)
    }

    /// What can be refused before a card is asked for.
    fn prepare(&mut self, read: &ReadCard) -> Result<Ready, String> {
        if read.terminal != self.terminal {
            return Err(format!(
                "No card can be charged: this lane belongs to terminal {}, not {}. Start it with \
                 the till's own terminal id.",
                self.terminal, read.terminal
            ));
        }
        self.set_up.ready(&read.local_time)
    }
}
