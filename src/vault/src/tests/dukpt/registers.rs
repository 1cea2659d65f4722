//! Terminal and host derive the same keys, in the same order, each once, until there are none.

use proptest::prelude::*;
use sealpoint_secret::SecretBytes;
use sealpoint_wire::seal::DukptScheme;

use super::{Host, SCHEMES, number, registers};
use crate::{Exhausted, Registers, dukpt::BadInitialKey};

/// Bits of the counter and how many of them may be one, as the standards say it.
fn rule(scheme: DukptScheme) -> (u32, u32) {
    match scheme {
        DukptScheme::Tdes2 => (21, 10),
        _ => (32, 16),
    }
}

fn scheme() -> impl Strategy<Value = DukptScheme> {
    proptest::sample::select(&SCHEMES[..])
}

#[test]
fn the_numbers_rise_by_one_and_leave_out_what_has_too_many_ones() {
    for scheme in SCHEMES {
        let (_, most_ones) = rule(scheme);
        let mut registers = registers(&Host::of(scheme));
        let mut expected = (1u32..).filter(|number| number.count_ones() <= most_ones);
        for _ in 0..3000 {
            let key = registers.advance().expect("not used up");
            let next = expected.next().expect("endless");
            assert_eq!(number(scheme, key.ksn()), next);
            assert_eq!(registers.counter(), next);
        }
    }
}

#[test]
fn the_first_hundred_keys_are_the_hosts() {
    for scheme in SCHEMES {
        let host = Host::of(scheme);
        let mut registers = registers(&host);
        for number in 1..=100 {
            let key = registers.advance().expect("not used up");
            assert_eq!(key.ksn(), host.ksn(number));
            assert_eq!(key.expose(), host.transaction_key(number));
        }
    }
}

#[test]
fn a_tdes_key_set_has_as_many_keys_as_the_standard_says_and_then_none() {
    let host = Host::of(DukptScheme::Tdes2);
    let mut registers = registers(&host);
    assert_eq!(registers.remaining(), (1 << 20) - 1);
    // The last number is the one with ten ones at the top.
    registers.skip_to(0x1F_F800).expect("ahead");
    assert_eq!(registers.remaining(), 1);
    let last = registers.advance().expect("the last");
    assert_eq!(last.ksn(), host.ksn(0x1F_F800));
    assert_eq!(last.expose(), host.transaction_key(0x1F_F800));
    for _ in 0..2 {
        assert_eq!(registers.remaining(), 0);
        assert_eq!(registers.advance().err(), Some(Exhausted));
    }
    assert_eq!(registers.counter(), 0x1F_F800);
}

#[test]
fn an_aes_key_set_has_over_two_thousand_million_keys_and_then_none() {
    for scheme in &SCHEMES[..3] {
        let host = Host::of(*scheme);
        let mut registers = registers(&host);
        // All choices of 1 to 16 of 32 bits.
        assert_eq!(registers.remaining(), 2_448_023_842);
        registers.skip_to(0xFFFF_0000).expect("ahead");
        assert_eq!(registers.remaining(), 1);
        let last = registers.advance().expect("the last");
        assert_eq!(last.ksn(), host.ksn(0xFFFF_0000));
        assert_eq!(last.expose(), host.transaction_key(0xFFFF_0000));
        assert_eq!(registers.advance().err(), Some(Exhausted));
    }
}

#[test]
fn each_key_that_is_taken_is_one_less() {
    for scheme in SCHEMES {
        let mut registers = registers(&Host::of(scheme));
        // Over a number that is left out: 7FF has eleven ones, 1FFFF seventeen.
        let from = if scheme == DukptScheme::Tdes2 {
            0x7F0
        } else {
            0x1_FFF0
        };
        registers.skip_to(from).expect("ahead");
        for _ in 0..40 {
            let before = registers.remaining();
            registers.advance().expect("not used up");
            assert_eq!(registers.remaining(), before - 1);
        }
    }
}

#[test]
fn skipping_never_goes_back_and_stays_where_nothing_is_ahead() {
    for scheme in SCHEMES {
        let (bits, _) = rule(scheme);
        let mut registers = registers(&Host::of(scheme));
        registers.skip_to(0).expect("changes nothing");
        registers.skip_to(1).expect("changes nothing");
        assert_eq!(registers.counter(), 0);
        registers.skip_to(1000).expect("ahead");
        assert_eq!(registers.counter(), 999);
        let at = registers.advance().expect("not used up");
        assert_eq!(number(scheme, at.ksn()), 1000);
        for back in [0, 1, 999, 1000, 1001] {
            registers.skip_to(back).expect("changes nothing");
            assert_eq!(registers.counter(), 1000);
        }
        let end = u32::MAX >> (32 - bits);
        for too_far in [end, end - 1, u32::MAX] {
            assert_eq!(registers.skip_to(too_far), Err(Exhausted));
        }
        let next = registers.advance().expect("not used up");
        assert_eq!(number(scheme, next.ksn()), 1001);
    }
}

#[test]
fn an_initial_key_that_does_not_fit_is_refused() {
    let refused = |scheme, key: &[u8], id: &[u8]| {
        Registers::from_initial_key(scheme, &SecretBytes::from_slice(key), id)
            .err()
            .expect("refused")
    };
    for scheme in SCHEMES {
        let host = Host::of(scheme);
        let (key, id) = (host.initial_key(), &host.id);
        for offered in [0, key.len() - 8, key.len() - 1] {
            assert_eq!(
                refused(scheme, &key[..offered], id),
                BadInitialKey::KeyLength {
                    expected: key.len(),
                    offered
                }
            );
        }
        for offered in [0, id.len() - 1] {
            assert_eq!(
                refused(scheme, &key, &id[..offered]),
                BadInitialKey::IdLength {
                    expected: id.len(),
                    offered
                }
            );
        }
    }
    let tdes = Host::of(DukptScheme::Tdes2);
    for counted in [tdes.ksn(1), tdes.ksn(0x10_0000)] {
        assert_eq!(
            refused(tdes.scheme, &tdes.initial_key(), &counted),
            BadInitialKey::CounterNotZero
        );
    }
    let mut halves = tdes.initial_key()[..8].repeat(2);
    assert_eq!(
        refused(tdes.scheme, &halves, &tdes.id),
        BadInitialKey::EqualHalves
    );
    // The lowest bit of a byte is parity, which DES does not look at.
    halves[3] ^= 1;
    assert_eq!(
        refused(tdes.scheme, &halves, &tdes.id),
        BadInitialKey::EqualHalves
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn terminal_and_host_agree_wherever_the_terminal_skips_to(
        scheme in scheme(),
        steps in proptest::collection::vec((any::<u32>(), 0u32..32, 0usize..4), 1..6),
        bdk: [u8; 32],
        id: [u8; 7],
    ) {
        let mut host = Host::of(scheme);
        let len = host.bdk.len();
        host.bdk.copy_from_slice(&bdk[..len]);
        host.id[..7].copy_from_slice(&id);
        let (bits, most_ones) = rule(scheme);
        let mut registers = registers(&host);
        let mut last = 0;
        for (to, shift, keys) in steps {
            let to = to >> (32 - bits) >> shift.min(bits - 1);
            // From the one before to the end there is nothing: nothing changes.
            if registers.skip_to(to).is_err() {
                prop_assert_eq!(registers.counter(), last);
                continue;
            }
            prop_assert_eq!(registers.counter(), last.max(to.saturating_sub(1)));
            last = registers.counter();
            for _ in 0..keys {
                let Ok(key) = registers.advance() else { break };
                let at = number(scheme, key.ksn());
                prop_assert!(at > last && at >= to && at.count_ones() <= most_ones);
                // Nothing with a key lies between.
                let between = (last + 1..at).take(1000);
                prop_assert!(between.into_iter().all(|left_out| left_out.count_ones() > most_ones));
                prop_assert_eq!(key.ksn(), host.ksn(at));
                prop_assert_eq!(key.expose(), host.transaction_key(at));
                last = at;
            }
        }
    }
}
