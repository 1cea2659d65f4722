//! Which card lies where: a charge takes a card only after it was put in, so that a card which one
//! customer left behind cannot pay for another.

use sealpoint_wire::ReaderState;

use crate::reader::{Missing, Reader, Slot};

/// Slots that are remembered; a card service has at most sixteen.
const MAX_SLOTS: usize = 16;

/// What is remembered of the slots from one look to the next.
#[derive(Default)]
pub(crate) struct Watch {
    /// Cards that have been through a charge and are still in.
    spent: Vec<Spent>,
    /// Names of slots in which there was a card without contacts.
    contactless: Vec<String>,
}

struct Spent {
    slot: String,
    /// Which insertion; any, since the reader was away and may have begun to count again.
    card: Option<u32>,
}

/// The slots at one moment.
pub(crate) struct Look {
    slots: Result<Vec<Slot>, Missing>,
    /// The first card that no charge has taken yet.
    pub(crate) fresh: Option<Slot>,
    /// Whether a card is in that was charged before.
    pub(crate) spent_in: bool,
    /// Whether a card may be held to a slot.
    pub(crate) contactless: bool,
}

impl Watch {
    /// Looks at the reader.
    pub(crate) fn look(&mut self, reader: &mut dyn Reader) -> Look {
        let mut slots = reader.slots();
        match &mut slots {
            Ok(slots) => {
                slots.truncate(MAX_SLOTS);
                // A slot that is not listed may come back with its card.
                self.spent.retain(|spent| {
                    slots
                        .iter()
                        .find(|slot| slot.name == spent.slot)
                        .is_none_or(|slot| spent.is(slot))
                });
            }
            Err(_) => {
                for spent in &mut self.spent {
                    spent.card = None;
                }
            }
        }
        let all = slots.as_deref().unwrap_or_default();
        let is_spent = |slot: &&Slot| self.spent.iter().any(|spent| spent.is(slot));
        let fresh = |slot: &&Slot| slot.card.is_some() && !is_spent(slot);
        let known = |slot: &Slot| slot.contactless || self.contactless.contains(&slot.name);
        Look {
            fresh: all.iter().find(fresh).cloned(),
            spent_in: all.iter().any(|slot| is_spent(&slot)),
            contactless: all.iter().any(known),
            slots,
        }
    }

    /// A charge takes the card in that slot.
    pub(crate) fn spend(&mut self, slot: &Slot) {
        self.spent.retain(|spent| spent.slot != slot.name);
        if self.spent.len() == MAX_SLOTS {
            self.spent.remove(0);
        }
        self.spent.push(Spent {
            slot: slot.name.clone(),
            card: slot.card,
        });
    }

    /// There was a card without contacts in that slot.
    pub(crate) fn note_contactless(&mut self, slot: &Slot) {
        if !self.contactless.contains(&slot.name) && self.contactless.len() < MAX_SLOTS {
            self.contactless.push(slot.name.clone());
        }
    }
}

impl Spent {
    /// Whether the card in that slot is this one.
    fn is(&self, slot: &Slot) -> bool {
        slot.name == self.slot
            && slot
                .card
                .is_some_and(|card| self.card.is_none_or(|mine| mine == card))
    }
}

impl Look {
    /// How the reader stands, in the till's words.
    pub(crate) fn state(&self) -> ReaderState {
        match &self.slots {
            Err(missing) => ReaderState::Missing {
                why: missing.why.clone(),
            },
            Ok(slots) => {
                let with_card = slots.iter().find(|slot| slot.card.is_some());
                match (with_card, slots.first()) {
                    (Some(slot), _) => ReaderState::CardIn {
                        name: slot.name.clone(),
                    },
                    (None, slot) => ReaderState::Ready {
                        name: slot.map(|slot| slot.name.clone()).unwrap_or_default(),
                    },
                }
            }
        }
    }

    /// Why there is no reader, if so.
    pub(crate) fn missing(&self) -> Option<&Missing> {
        self.slots.as_ref().err()
    }

    /// Whether that very card is still where it was.
    pub(crate) fn has(&self, card: &Slot) -> bool {
        self.slots
            .as_deref()
            .unwrap_or_default()
            .iter()
            .any(|slot| slot.name == card.name && slot.card == card.card)
    }
}
