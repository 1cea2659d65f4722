//! The loop: watches the reader, takes orders, runs one charge after the other.

use std::time::{Duration, Instant};

use sealpoint_vault::{CardCoder, SystemRandom};
use sealpoint_wire::{
    CardOutcome, FromLane, Posture, ReaderState, TerminalId, ToLane, WIRE_VERSION,
    lane::{CardPrompt, OutcomeKind, ReadCard},
};

use crate::{
    answers::{self, without_card},
    at_till::{AtTill, Erase, tell_reader},
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
    /// An order to destroy the keys that came during a charge.
    erase: Option<Erase>,
    /// What was said of keys that an order was to destroy and that are still there.
    unfinished: Option<String>,
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
            erase: None,
            unfinished: None,
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
        self.unfinished = self.set_up.go_on_erasing().err();
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
                self.go_on_erasing();
                self.look_again(&mut outlook);
            }
            match self.till.hear(POLL) {
                Some(ToLane::Read(read)) => {
                    self.serve(&read);
                    if let Some(erase) = self.erase.take() {
                        self.obey(&erase);
                        self.look_again(&mut outlook);
                    }
                }
                Some(
                    ToLane::Host { attempt, .. }
                    | ToLane::UnableToGoOnline { attempt }
                    | ToLane::Chosen { attempt, .. }
                    | ToLane::Cancel { attempt },
                ) => tracing::debug!(%attempt, "a word on an attempt that is over"),
                Some(ToLane::Erase { order, terminal }) => {
                    self.obey(&Erase { order, terminal });
                    self.look_again(&mut outlook);
                }
                None => {}
            }
            match self.till.end() {
                None => {}
                Some(End::Closed) => return Ok(()),
                Some(End::NotUnderstood) => return Err(LaneError::NotUnderstood),
            }
        }
    }

    /// Looks at keys and profile again, and tells the till if they changed.
    fn look_again(&mut self, outlook: &mut Outlook) {
        let now = self.set_up.outlook();
        if now != *outlook {
            self.tell_outlook(&now);
            *outlook = now;
        }
    }

    /// Tells the till how keys and profile stand.
    fn tell_outlook(&mut self, outlook: &Outlook) {
        let Outlook {
            cannot_charge,
            warnings,
            offline,
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
            offline,
        });
    }

    /// Destroys the keys, if the order counts, and tells the till what became of it.
    fn obey(&mut self, erase: &Erase) {
        let done = if erase.terminal == self.terminal {
            self.set_up.erase(&erase.order, &erase.terminal)
        } else {
            Err(format!(
                "Nothing was erased: this lane belongs to terminal {}, not {}. Start it with the \
                 till's own terminal id.",
                self.terminal, erase.terminal
            ))
        };
        match &done {
            Ok(()) => {
                // What cards are remembered by is a secret of this process.
                self.memory = None;
                tracing::warn!("the retailer took this till out of service; its keys are erased");
            }
            Err(why) => tracing::error!(why, "an order to erase the keys"),
        }
        let refused = done.err();
        self.unfinished = refused.clone().filter(|_| self.set_up.is_out_of_service());
        self.till.tell(&FromLane::Erased { refused });
    }

    /// Tries again to erase what an order left, and tells the till once it is done.
    fn go_on_erasing(&mut self) {
        if self.unfinished.is_none() {
            return;
        }
        self.unfinished = self.set_up.go_on_erasing().err();
        match &self.unfinished {
            Some(why) => tracing::error!(why, "keys that an order was to erase"),
            None => self.till.tell(&FromLane::Erased { refused: None }),
        }
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
            sealed: None,
            asked: false,
            unreachable: false,
            erase: &mut self.erase,
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
            charge: answers::charge(read, ready.offline_up_to_minor(read)),
            wait: Duration::from_millis(read.insert_timeout_ms.into()),
        })?;
        let (code, token) = (till.code, till.token.take());
        let mut outcome = answers::outcome(ended, || till.owed());
        if let Some(card) = &mut outcome.card {
            ready.keys.restrict(card, token.as_ref());
        }
        let paid = matches!(
            outcome.kind,
            OutcomeKind::Approved | OutcomeKind::ApprovedOffline
        );
        if let Some(code) = code.filter(|_| paid) {
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
