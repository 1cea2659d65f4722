//! What a charge draws: the unpredictable number, and the ticket for random selection.

use sealpoint_vault::SecureRandom;

/// What the operating system could not give.
pub(crate) const NO_RANDOM: &str =
    "No card can be charged: this machine gave no random bytes. Restart the till.";
/// Tickets are 1 to 99 (EMV 4.4 Book 3 section 10.6.2).
const TICKETS: u8 = 99;
/// Bytes from here on are thrown away: 256 is no multiple of 99, so they would favour some tickets.
const FAIR_BYTES: u8 = 198;
/// How often a byte may be thrown away. Each is kept with more than three chances in four.
const MAX_DRAWS: usize = 64;

/// Fresh numbers for one charge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Drawn {
    /// Tag 9F37 (EMV 4.4 Book 4 section 6.5.6).
    pub(crate) unpredictable_number: [u8; 4],
    /// From 1 to 99, each as likely as the other.
    pub(crate) ticket: u8,
}

impl Drawn {
    /// Draws from the operating system.
    ///
    /// # Errors
    /// [`NO_RANDOM`] if it gives nothing: no number is better than one that can be foreseen.
    pub(crate) fn from(random: &dyn SecureRandom) -> Result<Self, &'static str> {
        Self::with(|bytes| random.fill(bytes))
    }

    fn with<E>(mut fill: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Self, &'static str> {
        let mut unpredictable_number = [0; 4];
        fill(&mut unpredictable_number).map_err(|_| NO_RANDOM)?;
        for _ in 0..MAX_DRAWS {
            let mut byte = [0];
            fill(&mut byte).map_err(|_| NO_RANDOM)?;
            if byte[0] < FAIR_BYTES {
                return Ok(Self {
                    unpredictable_number,
                    ticket: byte[0] % TICKETS + 1,
                });
            }
        }
        Err(NO_RANDOM)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sealpoint_vault::SystemRandom;

    use super::*;

    #[test]
    fn a_thousand_unpredictable_numbers_are_distinct() {
        let random = SystemRandom::new();
        let drawn: BTreeSet<_> = (0..1_000)
            .map(|_| Drawn::from(&random).expect("random bytes"))
            .map(|drawn| drawn.unpredictable_number)
            .collect();
        // Two equal ones come once in ten thousand runs; two pairs never.
        assert!(drawn.len() >= 999, "{} of 1000", drawn.len());
        // Each of the four bytes varies.
        for byte in 0..4 {
            let values: BTreeSet<_> = drawn.iter().map(|number| number[byte]).collect();
            assert!(values.len() > 200, "byte {byte}: {} values", values.len());
        }
    }

    #[test]
    fn without_random_bytes_there_is_no_number_at_all() {
        let mut calls = 0;
        let failing_at = |at: i32| {
            let mut calls = 0;
            Drawn::with(move |bytes| {
                calls += 1;
                bytes.fill(7);
                if calls == at { Err(()) } else { Ok(()) }
            })
        };
        for at in 1..=2 {
            calls += 1;
            assert_eq!(failing_at(at), Err(NO_RANDOM), "call {at}");
        }
        assert_eq!(calls, 2);
        assert!(failing_at(3).is_ok());
        let stuck = Drawn::with(|bytes| {
            bytes.fill(0xFF);
            Ok::<_, ()>(())
        });
        assert_eq!(stuck, Err(NO_RANDOM), "a source that gives one byte only");
    }

    #[test]
    fn each_ticket_from_1_to_99_is_as_likely() {
        let mut count = [0; 100];
        for byte in 0..=u8::MAX {
            // A byte that is thrown away is followed by one that gives ticket 1 and is not counted.
            let mut thrown = false;
            let drawn = Drawn::with(|bytes| {
                if let [one] = bytes {
                    thrown |= byte >= FAIR_BYTES;
                    *one = if *one == 0 && !thrown { byte } else { 0 };
                }
                Ok::<_, ()>(())
            });
            if !thrown {
                count[usize::from(drawn.expect("drawn").ticket)] += 1;
            }
        }
        assert_eq!(count[0], 0);
        assert!(count[1..].iter().all(|times| *times == 2), "{count:?}");
    }
}
