//! Where a counter must be at least, by the clock; and when few keys are left.
//!
//! The keys of an AES DUKPT key set are given out to the seconds since [`EPOCH_S`], [`PER_SECOND`]
//! each. A key is drawn at or above the first of its second. So after a disk was put back, whatever
//! the counter on it says, the next key lies above those that were used before, as long as cards were
//! charged no faster than that, or the clock has caught up since. No till is as fast; what a
//! laboratory draws may run ahead by [`AHEAD`] keys.
//!
//! The epoch is the same for all keys. If it were the moment of loading, an initial key that is
//! loaded a second time would begin again.
//!
//! **If the clock is set back**, the counter goes on from where it is; nothing is used twice, but a
//! disk that is put back is not noticed until the clock is where it was. **If the clock is far
//! ahead**, the floor stops short of the last [`KEPT_BACK`] keys, so that no clock uses a key set up.

use sealpoint_wire::seal::DukptScheme;

use crate::{KeyKind, dukpt::Shape};

/// 2026-01-01T00:00:00Z, before which there was no till of this kind.
const EPOCH_S: u64 = 1_767_225_600;
/// Keys for each second: more than any lane can use, and enough for 19 years. Then the counter goes
/// on without the clock.
const PER_SECOND: u64 = 4;
/// How far draws may run ahead of the clock: an hour's keys.
const AHEAD: u64 = 3_600 * PER_SECOND;
/// Keys at the end that the clock never skips.
const KEPT_BACK: u64 = 1_000_000;
/// AES DUKPT's counter, which is the same for every length of key.
const AES: Shape = Shape::of(DukptScheme::Aes128);
/// AES: a hundredth of the keys. TDES: as many keys.
const LOW_SHARE: u64 = 100;
const LOW_TDES: u64 = 10_000;

/// Whether the counter of such a key is held above the clock's floor.
pub(super) const fn follows_the_clock(kind: KeyKind) -> bool {
    matches!(
        kind,
        KeyKind::Dukpt(DukptScheme::Aes128 | DukptScheme::Aes192 | DukptScheme::Aes256)
    )
}

/// Whether a new initial key should be loaded soon.
pub(super) fn is_low(scheme: DukptScheme, remaining: u64) -> bool {
    match scheme {
        DukptScheme::Tdes2 => remaining <= LOW_TDES,
        DukptScheme::Aes128 | DukptScheme::Aes192 | DukptScheme::Aes256 => {
            remaining <= keys_below(1 << AES.counter_bits) / LOW_SHARE
        }
    }
}

/// The first number that may be used in that second since the Unix epoch.
pub(super) fn first_at(now_s: u64) -> u32 {
    number(first_place(now_s))
}

/// Whether that number runs too far ahead of the clock.
pub(super) fn is_ahead(number: u32, now_s: u64) -> bool {
    keys_below(number.into()) >= first_place(now_s) + AHEAD
}

/// The place, counted from 0, of the first key for that second.
fn first_place(now_s: u64) -> u64 {
    let places = now_s.saturating_sub(EPOCH_S).saturating_mul(PER_SECOND);
    places.min(keys_below(1 << AES.counter_bits) - KEPT_BACK)
}

/// How many numbers from 1 up to but without `number` have a key.
fn keys_below(number: u64) -> u64 {
    let mut ones = 0;
    let mut below = 0;
    for bit in (0..=AES.counter_bits).rev() {
        if number >> bit & 1 == 1 && ones <= AES.most_ones {
            // Those that are as `number` above this bit, and have a zero here.
            below += AES.tails(bit, ones);
            ones += 1;
        }
    }
    // 0 is no key's number.
    below.saturating_sub(1)
}

/// The number of the key at that place, which is below the last: the smallest that has so many keys
/// below it.
fn number(place: u64) -> u32 {
    let (mut number, mut ones) = (0, 0);
    // 0 is no key's number and has the first place of all.
    let mut left = place + 1;
    for bit in (0..AES.counter_bits).rev() {
        let with_a_zero = AES.tails(bit, ones);
        if left >= with_a_zero {
            left -= with_a_zero;
            number |= 1 << bit;
            ones += 1;
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const YEAR_S: u64 = 365 * 86_400;

    #[test]
    fn places_are_those_of_the_standard() {
        // X9.24-3:2017: 2^32 numbers of which those with more than 16 one-bits, and 0, are no key's.
        assert_eq!(keys_below(1 << AES.counter_bits), 2_448_023_842);
        assert_eq!((number(0), number(1), number(130_000)), (1, 2, 130_001));
        // The first number that is left out is 0001FFFF.
        assert_eq!(number(0x1_FFFD), 0x1_FFFE);
        assert_eq!(number(0x1_FFFE), 0x2_0000);
        assert_eq!(number(2_448_023_841), 0xFFFF_0000);
    }

    #[test]
    fn no_clock_uses_a_key_set_up_within_19_years_or_ever() {
        assert_eq!(first_at(0), 1, "a clock that was never set");
        let late = first_at(u64::MAX);
        assert_eq!(keys_below(late.into()), 2_448_023_842 - KEPT_BACK);
        assert!(first_at(EPOCH_S + 19 * YEAR_S) < late);
    }

    proptest! {
        #[test]
        fn a_later_second_begins_above_all_that_an_earlier_one_may_use(
            earlier in EPOCH_S..EPOCH_S + 19 * YEAR_S,
            by in 3_600_u64..1_000_000,
        ) {
            let begins = first_at(earlier + by).max(1);
            prop_assume!(first_at(earlier + by) < first_at(u64::MAX));
            // Every number at or above where the later second begins is too far ahead for the
            // earlier one.
            prop_assert!(is_ahead(begins, earlier));
            prop_assert!(!is_ahead(first_at(earlier), earlier));
        }

        #[test]
        fn each_place_has_the_number_that_has_so_many_keys_below_it(place in 0..2_448_023_842_u64) {
            let number = number(place);
            prop_assert_eq!(keys_below(number.into()), place);
            prop_assert!(number.count_ones() <= AES.most_ones && number > 0);
        }
    }
}
