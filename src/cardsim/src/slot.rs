//! The slot: the one place where a card is or is not.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::card::Card;
use crate::issuer::{IssuerError, IssuerKeys};
use crate::profile::Profile;

/// A wallet of cards and a slot that holds at most one of them. Clones share
/// both, so reader, control socket and tests see the same card. A card keeps
/// its counters while it is in the wallet.
#[derive(Clone)]
pub struct Slot(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    wallet: Vec<(Description, Card)>,
    inserted: Option<usize>,
    /// Counts insertions and removals, so that nobody misses one.
    changes: u64,
}

/// What a person may know of a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    /// By which it is inserted.
    pub name: String,
    /// For a button.
    pub title: String,
    /// What happens when it is used.
    pub what: String,
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
}

impl Slot {
    /// Personalises a card for each profile; none is inserted yet.
    ///
    /// # Errors
    /// [`IssuerError`] if the issuer has no key for one of them.
    pub fn new(profiles: &[Profile], issuer: &IssuerKeys) -> Result<Self, IssuerError> {
        let wallet = profiles
            .iter()
            .map(|profile| {
                let description = Description {
                    name: profile.name.clone(),
                    title: profile.title.clone(),
                    what: profile.what.clone(),
                };
                Ok((description, Card::new(profile, issuer)?))
            })
            .collect::<Result<_, IssuerError>>()?;
        let state = State {
            wallet,
            inserted: None,
            changes: 0,
        };
        Ok(Self(Arc::new(Shared {
            state: Mutex::new(state),
            changed: Condvar::new(),
        })))
    }

    /// Puts a card in; it has no power yet.
    ///
    /// # Errors
    /// [`SlotError`] if there is no such card or the slot is taken.
    pub fn insert(&self, name: &str) -> Result<(), SlotError> {
        let mut state = self.state();
        if let Some((description, _)) = state.present() {
            return Err(SlotError::Occupied(description.name.clone()));
        }
        let found = state
            .wallet
            .iter()
            .position(|(description, _)| description.name == name);
        state.inserted = Some(found.ok_or(SlotError::Unknown)?);
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
        let mut state = self.state();
        View {
            card: state
                .present()
                .map(|(description, _)| description.name.clone()),
            cards: state
                .wallet
                .iter()
                .map(|(description, _)| description.clone())
                .collect(),
        }
    }

    /// Powers the card up or resets it.
    pub fn power_on(&self) {
        if let Some((_, card)) = self.state().present() {
            card.power_on();
        }
    }

    /// Takes the power away.
    pub fn power_off(&self) {
        if let Some((_, card)) = self.state().present() {
            card.power_off();
        }
    }

    /// The card's ATR, powered or not; nothing without a card.
    #[must_use]
    pub fn atr(&self) -> Option<Vec<u8>> {
        self.state().present().map(|(_, card)| card.atr())
    }

    /// How long to wait before [`Self::transmit`], in milliseconds.
    #[must_use]
    pub fn delay_ms(&self) -> u64 {
        self.state()
            .present()
            .map_or(0, |(_, card)| card.delay_ms())
    }

    /// Hands the card a command; an empty answer if there is no card, if it
    /// has no power, or if it vanishes at this point.
    #[must_use]
    pub fn transmit(&self, command: &[u8]) -> Vec<u8> {
        let mut state = self.state();
        let Some((_, card)) = state.present() else {
            return Vec::new();
        };
        let answer = card.apdu(command);
        if card.is_gone() {
            self.pull_out(state);
        }
        answer
    }

    /// The number of the last insertion or removal, and whether a card is in.
    pub(crate) fn changes(&self) -> (u64, bool) {
        let state = self.state();
        (state.changes, state.inserted.is_some())
    }

    /// Waits until the number of changes isn't `seen` any more, or `at_most`
    /// has passed if given.
    pub(crate) fn wait_change(&self, seen: u64, at_most: Option<Duration>) {
        let unchanged = |state: &mut State| state.changes == seen;
        let (state, changed) = (self.state(), &self.0.changed);
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
        if let Some((_, card)) = state.present() {
            card.power_off();
        }
        state.inserted = None;
        self.announce(state);
    }

    fn announce(&self, mut state: MutexGuard<'_, State>) {
        state.changes += 1;
        drop(state);
        self.0.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn present(&mut self) -> Option<&mut (Description, Card)> {
        self.inserted.and_then(|index| self.wallet.get_mut(index))
    }
}
