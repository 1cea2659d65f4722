//! The cards that there are; each is in one slot at most.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde::Serialize;

use crate::card::Card;
use crate::card_file::CardFile;
use crate::issuer::{IssuerError, IssuerKeys};
use crate::profile::{Interface, Profile};

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

/// Cards for the slots of one reader. A card keeps its counters while it is in the wallet.
#[derive(Clone)]
pub(crate) struct Wallet {
    places: Arc<[Place]>,
    /// Where the cards write down what they remember, if anywhere.
    file: Arc<OnceLock<CardFile>>,
}

struct Place {
    description: Description,
    interface: Interface,
    card: Mutex<Card>,
    taken: AtomicBool,
}

/// A card in somebody's hand; it is back in its place when dropped.
pub(crate) struct Held {
    wallet: Wallet,
    index: usize,
}

/// Why a card could not be taken.
pub(crate) enum NotTaken {
    Unknown,
    Elsewhere,
    /// It has another side than was asked for.
    Other,
}

impl Wallet {
    /// Personalises a card for each profile.
    pub(crate) fn new(profiles: &[Profile], issuer: &IssuerKeys) -> Result<Self, IssuerError> {
        let place = |profile: &Profile| {
            Ok::<_, IssuerError>(Place {
                description: Description {
                    name: profile.name.clone(),
                    title: profile.title.clone(),
                    what: profile.what.clone(),
                },
                interface: profile.interface,
                card: Mutex::new(Card::new(profile, issuer)?),
                taken: AtomicBool::new(false),
            })
        };
        let places: Result<Vec<_>, _> = profiles.iter().map(place).collect();
        Ok(Self {
            places: places?.into(),
            file: Arc::default(),
        })
    }

    /// Makes the cards remember what the file says, and write down what they remember from now on;
    /// the first file stays.
    pub(crate) fn keep_in(&self, file: CardFile) {
        for place in self.places.iter() {
            if let Some(memory) = file.recall(&place.description.name) {
                lock(&place.card).recall(&memory);
            }
        }
        // A wallet has one file for all its slots.
        let _ = self.file.set(file);
    }

    /// Takes the card of this name, if it has the side that is asked for, if one is.
    pub(crate) fn take(&self, name: &str, side: Option<Interface>) -> Result<Held, NotTaken> {
        let index = self
            .places
            .iter()
            .position(|place| place.description.name == name)
            .ok_or(NotTaken::Unknown)?;
        if side.is_some_and(|side| side != self.places[index].interface) {
            return Err(NotTaken::Other);
        }
        if self.places[index].taken.swap(true, Ordering::SeqCst) {
            return Err(NotTaken::Elsewhere);
        }
        Ok(Held {
            wallet: self.clone(),
            index,
        })
    }

    pub(crate) fn descriptions(&self) -> Vec<Description> {
        let places = self.places.iter();
        places.map(|place| place.description.clone()).collect()
    }
}

impl Held {
    pub(crate) fn name(&self) -> &str {
        &self.wallet.places[self.index].description.name
    }

    pub(crate) fn card(&self) -> MutexGuard<'_, Card> {
        lock(&self.wallet.places[self.index].card)
    }

    /// Writes down what the card remembers, before anybody hears its answer.
    pub(crate) fn keep(&self, card: &Card) {
        if let Some(file) = self.wallet.file.get() {
            file.keep(self.name(), card.memory());
        }
    }
}

fn lock(card: &Mutex<Card>) -> MutexGuard<'_, Card> {
    card.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Held {
    fn drop(&mut self) {
        self.wallet.places[self.index]
            .taken
            .store(false, Ordering::SeqCst);
    }
}
