//! What is kept derives no key that was.
//!
//! A key of a number derives from its ancestors alone: the initial key, and the keys of the smaller
//! numbers on its path. So if none of the keys of the numbers up to here, and not the initial key,
//! stands in the state, nothing in the state leads to any of them.

use super::{Host, SCHEMES, registers};
use crate::Registers;
use sealpoint_wire::seal::DukptScheme;

fn holds(state: &[u8], key: &[u8]) -> bool {
    state.windows(key.len()).any(|window| window == key)
}

/// Bytes before the registers: layout, scheme, id and counter.
fn head_len(scheme: DukptScheme) -> usize {
    Host::of(scheme).id.len() + 6
}

/// The registers of a state by their place, without those that are empty.
fn filled(state: &[u8], scheme: DukptScheme) -> Vec<(u32, Vec<u8>)> {
    let key_len = Host::of(scheme).bdk.len();
    let registers = &state[head_len(scheme)..state.len() - 8];
    (0..)
        .zip(registers.chunks(key_len))
        .filter(|(_, key)| key.iter().any(|byte| *byte != 0))
        .map(|(place, key)| (place, key.to_vec()))
        .collect()
}

#[test]
fn after_each_key_neither_it_nor_the_initial_key_nor_any_before_is_kept() {
    for scheme in SCHEMES {
        let host = Host::of(scheme);
        let mut registers = registers(&host);
        let mut gone = vec![host.initial_key()];
        for number in 1..=150 {
            let key = registers.advance().expect("not used up");
            gone.push(host.transaction_key(number));
            assert_eq!(key.expose(), gone.last().expect("just pushed"));
            let state = registers.state();
            for (number, key) in gone.iter().enumerate() {
                assert!(!holds(state.expose(), key), "{scheme:?}: {number} is kept");
            }
        }
    }
}

#[test]
fn every_register_holds_the_key_of_a_number_to_come_and_else_zeros() {
    for scheme in SCHEMES {
        let host = Host::of(scheme);
        let mut registers = registers(&host);
        for skip in [0, 5, 6, 0x7FE, 0x1_FFFE, 0x1_FFFF, 0x2_0000, 0xF_FFFF] {
            registers.skip_to(skip).expect("ahead");
            for _ in 0..3 {
                let counter = registers.counter();
                for (place, key) in filled(registers.state().expose(), scheme) {
                    let number = (counter >> place | 1) << place;
                    assert!(number > counter);
                    assert!(key == host.transaction_key(number), "{scheme:?}: {place}");
                }
                registers.advance().expect("not used up");
            }
        }
    }
}

#[test]
fn what_is_skipped_is_gone_as_what_was_used() {
    for scheme in SCHEMES {
        let host = Host::of(scheme);
        let mut registers = registers(&host);
        registers.skip_to(0xABC).expect("ahead");
        let state = registers.state();
        for number in 1..0xABC {
            let key = host.transaction_key(number);
            assert!(!holds(state.expose(), &key), "{scheme:?}: {number} is kept");
        }
        let mut again = Registers::from_state(state.expose()).expect("good");
        let next = again.advance().expect("not used up");
        assert_eq!(next.expose(), host.transaction_key(0xABC));
    }
}

#[test]
fn nothing_is_left_when_every_key_is_used() {
    for (scheme, last) in SCHEMES
        .into_iter()
        .zip([0xFFFF_0000; 3].into_iter().chain([0x1F_F800]))
    {
        let mut registers = registers(&Host::of(scheme));
        registers.skip_to(last).expect("ahead");
        registers.advance().expect("the last");
        assert!(filled(registers.state().expose(), scheme).is_empty());
    }
}
