//! The slot: the one place where a card is or is not.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::card_file::{CardFile, CardFileError};
use crate::faults::{Fate, Faults};
use crate::hostile::Garbler;
use crate::issuer::{IssuerError, IssuerKeys};
use crate::keypad::Press;
pub use crate::profile::Interface;
use crate::profile::Profile;
pub use crate::wallet::Description;
use crate::wallet::{Held, NotTaken, Wallet};

/// What the cardholder may do before the pad asks.
const PRESSES: usize = 8;

/// A slot that holds at most one card, and the wallet that its cards come from.
/// Clones share both, so reader, control socket and tests see the same card.
#[derive(Clone)]
pub struct Slot {
    wallet: Wallet,
    /// The only cards that go in; any, if nothing is said.
    takes: Option<Interface>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    inserted: Option<Inserted>,
    /// Counts insertions and removals, so that nobody misses one.
    changes: u64,
    faults: Faults,
    garbler: Option<Garbler>,
    presses: VecDeque<Press>,
    asking: bool,
    unplugged: bool,
}

struct Inserted {
    card: Held,
    /// The number of the change that brought it.
    number: u64,
    powered: bool,
    /// Since it was last powered.
    commands: u16,
}

/// What the slot looks like; the answer on the control socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct View {
    /// The inserted card's name.
    pub card: Option<String>,
    /// All cards, in the order of the profiles.
    pub cards: Vec<Description>,
}

/// Why a card couldn't be inserted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    /// No such card.
    #[error("there is no card by this name; ask for the list and use a name from it")]
    Unknown,
    /// One card at a time.
    #[error("{0} is still inserted; remove it first")]
    Occupied(String),
    /// A card is in one place only.
    #[error("{0} is in another slot; remove it there first")]
    Elsewhere(String),
    /// It would not be noticed.
    #[error("{0} cannot be used in this slot; use the first one, which takes every card")]
    OtherSide(String),
    /// Nobody asked for so much.
    #[error("the PIN pad has enough to do; wait until it has asked for what it got")]
    PadBusy,
}

/// What comes of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// The card answers.
    Answer(Vec<u8>),
    /// There is no card, or it went at this very command.
    NoCard,
    /// The card has no power.
    NoPower,
    /// The card does not answer.
    Mute,
}

impl Slot {
    /// Personalises a card for each profile; none is inserted yet.
    ///
    /// # Errors
    /// [`IssuerError`] if the issuer has no key for one of them.
    pub fn new(profiles: &[Profile], issuer: &IssuerKeys) -> Result<Self, IssuerError> {
        Ok(Self {
            wallet: Wallet::new(profiles, issuer)?,
            takes: None,
            shared: Arc::default(),
        })
    }

    /// Makes the cards remember what the file says, and write down from now on what they remember:
    /// they go on where an earlier simulator ended.
    ///
    /// # Errors
    /// [`CardFileError`] if the file cannot be read or written, or isn't one.
    pub fn keep_in(&self, path: &Path) -> Result<(), CardFileError> {
        self.wallet.keep_in(CardFile::open(path)?);
        Ok(())
    }

    /// Another slot for the same cards, which takes those of one kind. A card is in one slot at
    /// most.
    #[must_use]
    pub fn beside(&self, takes: Interface) -> Self {
        Self {
            wallet: self.wallet.clone(),
            takes: Some(takes),
            shared: Arc::default(),
        }
    }

    /// Whether it is for tapped cards alone, and so without contacts and PIN pad.
    #[must_use]
    pub fn is_contactless(&self) -> bool {
        self.takes == Some(Interface::Contactless)
    }

    /// Puts a card in; it has no power yet.
    ///
    /// # Errors
    /// [`SlotError`] if there is no such card, it is elsewhere, it does not fit, or the slot is
    /// taken.
    pub fn insert(&self, name: &str) -> Result<(), SlotError> {
        let mut state = self.state();
        if let Some(inserted) = &state.inserted {
            return Err(SlotError::Occupied(inserted.card.name().into()));
        }
        let card = self
            .wallet
            .take(name, self.takes)
            .map_err(|why| match why {
                NotTaken::Unknown => SlotError::Unknown,
                NotTaken::Elsewhere => SlotError::Elsewhere(name.into()),
                NotTaken::Other => SlotError::OtherSide(name.into()),
            })?;
        let number = state.changes + 1;
        state.inserted = Some(Inserted {
            card,
            number,
            powered: false,
            commands: 0,
        });
        self.announce(state);
        Ok(())
    }

    /// Pulls the card out, if there is one.
    pub fn remove(&self) {
        let state = self.state();
        if state.inserted.is_some() {
            self.pull_out(state);
        }
    }

    /// Which card is in, and which there are.
    #[must_use]
    pub fn view(&self) -> View {
        View {
            card: self.card_name(),
            cards: self.wallet.descriptions(),
        }
    }

    /// The name of the card that is in.
    pub(crate) fn card_name(&self) -> Option<String> {
        let state = self.state();
        state.inserted.as_ref().map(|one| one.card.name().into())
    }

    /// Powers the card up or resets it.
    pub fn power_on(&self) {
        if let Some(inserted) = &mut self.state().inserted {
            inserted.powered = true;
            inserted.commands = 0;
            inserted.card.card().power_on();
        }
    }

    /// Takes the power away.
    pub fn power_off(&self) {
        if let Some(inserted) = &mut self.state().inserted {
            inserted.powered = false;
            inserted.card.card().power_off();
        }
    }

    /// The card's ATR, powered or not; nothing without a card.
    #[must_use]
    pub fn atr(&self) -> Option<Vec<u8>> {
        let state = self.state();
        state.inserted.as_ref().map(|one| one.card.card().atr())
    }

    /// How long to wait before [`Self::transmit`], in milliseconds.
    #[must_use]
    pub fn delay_ms(&self) -> u64 {
        let state = self.state();
        let own = |inserted: &Inserted| inserted.card.card().delay_ms();
        state.inserted.as_ref().map_or(0, own) + state.faults.delay_ms()
    }

    /// Hands the card a command; an empty answer if there is no card, if it
    /// has no power or says nothing, or if it vanishes at this point.
    #[must_use]
    pub fn transmit(&self, command: &[u8]) -> Vec<u8> {
        match self.exchange(command) {
            Exchange::Answer(answer) => answer,
            Exchange::NoCard | Exchange::NoPower | Exchange::Mute => Vec::new(),
        }
    }

    /// Hands the card a command, and says what came of it.
    pub(crate) fn exchange(&self, command: &[u8]) -> Exchange {
        let mut state = self.state();
        let faults = state.faults.clone();
        let Some(inserted) = &mut state.inserted else {
            return Exchange::NoCard;
        };
        if !inserted.powered {
            return Exchange::NoPower;
        }
        inserted.commands = inserted.commands.saturating_add(1);
        let fate = faults.fate(inserted.commands);
        let mut card = inserted.card.card();
        let answer = match fate {
            Fate::Delivered | Fate::AnswerLost => card.apdu(command),
            Fate::Ignored | Fate::Removed => Vec::new(),
        };
        inserted.card.keep(&card);
        let gone = card.is_gone() || fate == Fate::Removed;
        drop(card);
        // What is missing is not damaged: an empty answer means that the card went.
        let answer = match &mut state.garbler {
            Some(garbler) if !answer.is_empty() => garbler.garble(answer),
            _ => answer,
        };
        if gone {
            self.pull_out(state);
        }
        match fate {
            Fate::Removed => Exchange::NoCard,
            Fate::Ignored | Fate::AnswerLost => Exchange::Mute,
            Fate::Delivered if gone && answer.is_empty() => Exchange::NoCard,
            Fate::Delivered => Exchange::Answer(answer),
        }
    }

    /// From now on, and in place of what was said before, this goes wrong.
    pub fn set_faults(&self, faults: Faults) {
        let mut state = self.state();
        state.garbler = faults.garbler();
        state.faults = faults;
    }

    /// The cardholder does this as soon as the pad asks, or now if it does already.
    ///
    /// # Errors
    /// [`SlotError::PadBusy`] if too much was pressed that nobody asked for.
    pub fn press(&self, press: Press) -> Result<(), SlotError> {
        let mut state = self.state();
        if state.presses.len() >= PRESSES {
            return Err(SlotError::PadBusy);
        }
        state.presses.push_back(press);
        drop(state);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Whether the pad asks for a PIN now.
    #[must_use]
    pub fn asks_for_pin(&self) -> bool {
        self.state().asking
    }

    /// Lets the pad ask. Nothing if the card or the reader went away meanwhile.
    pub(crate) fn ask_for_pin(&self, at_most: Duration) -> Option<Press> {
        let mut state = self.state();
        let number = state.insertion()?;
        state.asking = true;
        let idle = |state: &mut State| {
            state.presses.is_empty() && state.insertion() == Some(number) && !state.unplugged
        };
        let waited = self.shared.changed.wait_timeout_while(state, at_most, idle);
        let (mut state, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        state.asking = false;
        if state.insertion() != Some(number) || state.unplugged {
            return None;
        }
        match waited.timed_out() {
            true => Some(Press::Timeout),
            false => state.presses.pop_front(),
        }
    }

    /// Waits as long as the card is slow, or until it goes.
    pub(crate) fn wait_delay(&self) {
        let delay = Duration::from_millis(self.delay_ms());
        if !delay.is_zero() {
            let seen = self.changes().0;
            self.wait_change(seen, Some(delay));
        }
    }

    /// Ends what a reader that is unplugged waits for; a plugged one may wait again.
    pub(crate) fn set_unplugged(&self, unplugged: bool) {
        let mut state = self.state();
        state.unplugged = unplugged;
        drop(state);
        self.wake();
    }

    /// The number of the last change, and the number of the change that brought the card in.
    pub(crate) fn sighting(&self) -> (u64, Option<u64>) {
        let state = self.state();
        (state.changes, state.insertion())
    }

    /// The number of the last insertion or removal, and whether a card is in.
    pub(crate) fn changes(&self) -> (u64, bool) {
        let (changes, insertion) = self.sighting();
        (changes, insertion.is_some())
    }

    /// Waits until the number of changes isn't `seen` any more, or `at_most`
    /// has passed if given.
    pub(crate) fn wait_change(&self, seen: u64, at_most: Option<Duration>) {
        let unchanged = |state: &mut State| state.changes == seen;
        let (state, changed) = (self.state(), &self.shared.changed);
        match at_most {
            Some(time) => drop(changed.wait_timeout_while(state, time, unchanged)),
            None => drop(changed.wait_while(state, unchanged)),
        }
    }

    /// Wakes whoever waits for a change, without one.
    pub(crate) fn wake(&self) {
        self.announce(self.state());
    }

    fn pull_out(&self, mut state: MutexGuard<'_, State>) {
        if let Some(inserted) = state.inserted.take() {
            inserted.card.card().power_off();
        }
        self.announce(state);
    }

    fn announce(&self, mut state: MutexGuard<'_, State>) {
        state.changes += 1;
        drop(state);
        self.shared.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn insertion(&self) -> Option<u64> {
        self.inserted.as_ref().map(|inserted| inserted.number)
    }
}
