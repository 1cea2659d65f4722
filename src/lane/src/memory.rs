//! What this terminal remembers of cards for a short while: a sale that is split into several charges
//! of one card counts as one against the floor limit (EMV 4.4 Book 3 section 10.6.1).
//!
//! No account number is kept: a card is known by a code under a key that this process drew at its
//! start and that ends with it. Which cards are on the exception file is not known here but by the hot
//! list.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use sealpoint_emv::{Known, LookUp};
use sealpoint_vault::{CardCode, CardCoder};

/// Charges that are remembered; the oldest goes first.
const MAX_CHARGES: usize = 256;
/// How long a charge counts as a part of the next.
const SPLIT_WINDOW: Duration = Duration::from_secs(15 * 60);

/// The latest charges.
pub(crate) struct Memory {
    coder: CardCoder,
    charges: VecDeque<Charged>,
}

struct Charged {
    card: CardCode,
    currency: u16,
    amount_minor: i64,
    when: Instant,
}

impl Memory {
    pub(crate) fn new(coder: CardCoder) -> Self {
        Self {
            coder,
            charges: VecDeque::with_capacity(MAX_CHARGES),
        }
    }

    /// What is known of that card in that currency, and the code to remember it by.
    pub(crate) fn look_up(&self, card: &LookUp, currency: u16, now: Instant) -> (Known, CardCode) {
        let code = self.coder.code(&card.pan, card.sequence);
        let earlier = self.charges.iter().filter(|charged| {
            charged.card == code
                && charged.currency == currency
                && now.saturating_duration_since(charged.when) <= SPLIT_WINDOW
        });
        let known = Known {
            earlier_minor: earlier.fold(0, |sum: i64, charged| {
                sum.saturating_add(charged.amount_minor)
            }),
            on_exception_file: false,
        };
        (known, code)
    }

    /// That card paid so much.
    pub(crate) fn charged(
        &mut self,
        card: CardCode,
        currency: u16,
        amount_minor: i64,
        now: Instant,
    ) {
        if self.charges.len() == MAX_CHARGES {
            self.charges.pop_front();
        }
        self.charges.push_back(Charged {
            card,
            currency,
            amount_minor,
            when: now,
        });
    }
}

#[cfg(test)]
mod tests {
    use sealpoint_secret::Pan;
    use sealpoint_vault::SystemRandom;

    use super::*;

    const EURO: u16 = 978;

    fn memory() -> Memory {
        Memory::new(CardCoder::new(&SystemRandom::new()).expect("random bytes"))
    }

    fn card(pan: &[u8], sequence: Option<u8>) -> LookUp {
        LookUp {
            pan: Pan::from_digits(pan).expect("a PAN"),
            sequence,
        }
    }

    #[test]
    fn charges_of_one_card_add_up_within_the_window() {
        let (mut memory, now) = (memory(), Instant::now());
        let mine = card(b"12345678", Some(1));
        let (known, code) = memory.look_up(&mine, EURO, now);
        assert_eq!(known, Known::default());
        memory.charged(code, EURO, 700, now);
        memory.charged(code, EURO, 50, now);
        let later = now + SPLIT_WINDOW;
        assert_eq!(memory.look_up(&mine, EURO, later).0.earlier_minor, 750);
        let too_late = later + Duration::from_nanos(1);
        assert_eq!(memory.look_up(&mine, EURO, too_late).0.earlier_minor, 0);
    }

    #[test]
    fn another_card_sequence_number_or_currency_is_not_counted() {
        let (mut memory, now) = (memory(), Instant::now());
        let (_, code) = memory.look_up(&card(b"12345678", Some(1)), EURO, now);
        memory.charged(code, EURO, 700, now);
        for (other, currency) in [
            (card(b"12345679", Some(1)), EURO),
            (card(b"123456780", Some(1)), EURO),
            (card(b"12345678", Some(2)), EURO),
            (card(b"12345678", None), EURO),
            (card(b"12345678", Some(1)), 826),
        ] {
            assert_eq!(memory.look_up(&other, currency, now).0, Known::default());
        }
    }

    #[test]
    fn the_memory_is_bounded_and_sums_do_not_wrap() {
        let (mut memory, now) = (memory(), Instant::now());
        let mine = card(b"12345678", None);
        let (_, code) = memory.look_up(&mine, EURO, now);
        for _ in 0..MAX_CHARGES + 10 {
            memory.charged(code, EURO, i64::MAX / 2, now);
        }
        assert_eq!(memory.charges.len(), MAX_CHARGES);
        assert_eq!(memory.look_up(&mine, EURO, now).0.earlier_minor, i64::MAX);
    }
}
