//! What `pcscd` is told of the card, step by step.
//!
//! `pcscd` compares two looks. A card that is swapped for another between them would never have
//! left, and the new one would be spoken to without power. So once `pcscd` waits for events, a
//! look shows one step after the other: a card leaves before the next one comes, and before its
//! reader fails.

/// What is in a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sight {
    /// The reader itself is gone.
    Gone,
    /// No card.
    Empty,
    /// A card; each insertion has a number of its own.
    Card(u64),
}

/// What is real, and what has been told of it.
#[derive(Debug)]
pub struct Presence {
    real: Sight,
    told: Sight,
    /// Whether the reader was gone since the last step: a card that is in again, of the same
    /// number even, has lost its power.
    was_gone: bool,
    /// Whether somebody waits for events, so that steps can be told one by one.
    awaited: bool,
}

impl Presence {
    /// A slot as it is found.
    #[must_use]
    pub fn new(real: Sight) -> Self {
        Self {
            real,
            told: quiet(real),
            was_gone: false,
            awaited: false,
        }
    }

    /// Takes note of what is real now.
    pub fn saw(&mut self, real: Sight) {
        self.real = real;
        self.was_gone |= real == Sight::Gone;
    }

    /// What a look shows.
    pub fn look(&mut self) -> Sight {
        if !self.awaited {
            self.told = quiet(self.real);
            self.was_gone = false;
        }
        self.told
    }

    /// Whether there is a step that was not told.
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.told != self.real || (self.was_gone && matches!(self.told, Sight::Card(_)))
    }

    /// Tells the next step: the next look shows it.
    pub fn step(&mut self) {
        self.awaited = true;
        self.told = match self.told {
            Sight::Card(_) if self.has_news() => Sight::Empty,
            _ => self.real,
        };
        self.was_gone = false;
    }
}

/// Without events: a reader that cannot be reached is empty, for `pcscd` gives up a reader that
/// fails while it is set up, and never looks again.
fn quiet(real: Sight) -> Sight {
    match real {
        Sight::Gone => Sight::Empty,
        seen => seen,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Presence, Sight};

    #[test]
    fn a_reader_that_is_not_there_yet_is_set_up_empty_and_then_fails() {
        let mut slot = Presence::new(Sight::Gone);
        assert_eq!(slot.look(), Sight::Empty);
        slot.step();
        assert_eq!(slot.look(), Sight::Gone);
    }

    #[test]
    fn before_events_are_awaited_a_look_shows_what_is_real() {
        let mut slot = Presence::new(Sight::Empty);
        slot.saw(Sight::Card(1));
        assert_eq!(slot.look(), Sight::Card(1));
        slot.saw(Sight::Card(2));
        assert_eq!(slot.look(), Sight::Card(2));
    }

    #[test]
    fn a_swapped_card_leaves_before_the_other_comes() {
        let mut slot = Presence::new(Sight::Card(1));
        slot.step();
        slot.saw(Sight::Card(3));
        assert_eq!(slot.look(), Sight::Card(1));
        slot.step();
        assert_eq!(slot.look(), Sight::Empty);
        slot.step();
        assert_eq!(slot.look(), Sight::Card(3));
        assert!(!slot.has_news());
    }

    #[test]
    fn a_card_in_a_reader_that_was_gone_for_a_moment_leaves_and_comes_again() {
        let mut slot = Presence::new(Sight::Card(1));
        slot.step();
        assert!(!slot.has_news());
        slot.saw(Sight::Gone);
        slot.saw(Sight::Card(1));
        assert!(slot.has_news());
        slot.step();
        assert_eq!(slot.look(), Sight::Empty);
        slot.step();
        assert_eq!(slot.look(), Sight::Card(1));
        assert!(!slot.has_news());
    }

    fn sights() -> impl Strategy<Value = Sight> {
        prop_oneof![
            Just(Sight::Gone),
            Just(Sight::Empty),
            (1..4_u64).prop_map(Sight::Card)
        ]
    }

    proptest! {
        #[test]
        fn a_card_is_never_followed_by_anything_but_the_empty_slot(
            seen in proptest::collection::vec((sights(), 0..3_usize), 1..40)
        ) {
            let mut slot = Presence::new(Sight::Empty);
            slot.step();
            let mut before = slot.look();
            for (real, steps) in seen {
                slot.saw(real);
                for _ in 0..steps {
                    slot.step();
                    let now = slot.look();
                    prop_assert!(
                        !matches!(before, Sight::Card(_)) || now == before || now == Sight::Empty
                    );
                    before = now;
                }
            }
            // Two steps catch up with everything.
            slot.step();
            slot.step();
            prop_assert!(!slot.has_news());
        }
    }
}
