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
        Look {
            fresh: all.iter().find(fresh).cloned(),
            spent_in: all.iter().any(|slot| is_spent(&slot)),
            contactless: all.iter().any(|slot| self.is_contactless(slot)),
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

    /// Whether that slot is for cards without contacts, as far as is known.
    pub(crate) fn is_contactless(&self, slot: &Slot) -> bool {
        slot.contactless || self.contactless.contains(&slot.name)
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

#[cfg(test)]
mod tests {
    use sealpoint_secret::SecretBytes;

    use super::*;
    use crate::reader::{CardError, PadAnswer, Powered};

    /// What a reader shows at each look.
    struct Shown(Result<Vec<Slot>, Missing>);

    impl Shown {
        fn slots(cards: &[Option<u32>]) -> Self {
            let slot = |(at, card): (usize, &Option<u32>)| Slot {
                name: format!("slot {at}"),
                contactless: false,
                card: *card,
            };
            Self(Ok(cards.iter().enumerate().map(slot).collect()))
        }

        fn gone() -> Self {
            let why = "unplugged".to_owned();
            Self(Err(Missing { why }))
        }
    }

    impl Reader for Shown {
        fn slots(&mut self) -> Result<Vec<Slot>, Missing> {
            self.0.clone()
        }

        fn power_on(&mut self, _: &Slot) -> Result<Powered, CardError> {
            Err(CardError::Mute)
        }

        fn transmit(&mut self, _: &[u8], _: &mut SecretBytes) -> Result<(), CardError> {
            Err(CardError::Mute)
        }

        fn verify_pin(&mut self) -> Result<PadAnswer, CardError> {
            Ok(PadAnswer::Failed)
        }

        fn power_off(&mut self) {}
    }

    /// What is fresh when the slots are so, and whether a charged card is in.
    fn see(watch: &mut Watch, mut shown: Shown) -> (Option<Slot>, bool) {
        let look = watch.look(&mut shown);
        (look.fresh, look.spent_in)
    }

    /// A watch that has charged the first insertion in the first slot.
    fn after_a_charge() -> Watch {
        let mut watch = Watch::default();
        let (fresh, _) = see(&mut watch, Shown::slots(&[Some(1), None]));
        watch.spend(&fresh.expect("a card"));
        watch
    }

    #[test]
    fn a_card_that_stays_in_is_charged_once() {
        let mut watch = after_a_charge();
        for _ in 0..2 {
            let (fresh, spent_in) = see(&mut watch, Shown::slots(&[Some(1), None]));
            assert_eq!((fresh, spent_in), (None, true));
        }
    }

    #[test]
    fn a_card_in_another_slot_or_put_in_since_is_fresh() {
        let mut watch = after_a_charge();
        let (fresh, spent_in) = see(&mut watch, Shown::slots(&[Some(1), Some(7)]));
        assert_eq!(fresh.expect("fresh").name, "slot 1");
        assert!(spent_in, "the other is still there");
        let (fresh, spent_in) = see(&mut watch, Shown::slots(&[Some(2), None]));
        assert_eq!(fresh.expect("fresh").card, Some(2));
        assert!(!spent_in);
    }

    #[test]
    fn a_card_that_stayed_while_the_reader_was_away_is_not_fresh() {
        let mut watch = after_a_charge();
        assert_eq!(see(&mut watch, Shown::gone()), (None, false));
        // The service counts from the beginning.
        let (fresh, spent_in) = see(&mut watch, Shown::slots(&[Some(0), None]));
        assert_eq!((fresh, spent_in), (None, true));
        see(&mut watch, Shown::slots(&[None, None]));
        let (fresh, _) = see(&mut watch, Shown::slots(&[Some(0), None]));
        assert!(fresh.is_some(), "it was taken out in between");
    }

    #[test]
    fn a_slot_is_known_for_cards_without_contacts_once_it_had_one() {
        let mut watch = Watch::default();
        let mut shown = Shown::slots(&[None, Some(1)]);
        assert!(!watch.look(&mut shown).contactless);
        let tapped = watch.look(&mut shown).fresh.expect("a card");
        watch.note_contactless(&tapped);
        assert!(watch.look(&mut Shown::slots(&[None, None])).contactless);
        assert!(!watch.look(&mut Shown::slots(&[None])).contactless);
    }
}
