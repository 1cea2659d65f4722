//! What is kept of a key set: it goes on from there, and anything else is refused.

use proptest::prelude::*;

use super::{Host, SCHEMES, registers};
use crate::{Registers, dukpt::BadState};

#[test]
fn a_till_that_starts_again_goes_on_where_it_was() {
    for scheme in SCHEMES {
        let host = Host::of(scheme);
        let mut through = registers(&host);
        let mut kept = registers(&host).state();
        for _ in 0..40 {
            let mut again = Registers::from_state(kept.expose()).expect("good");
            assert_eq!(again.scheme(), scheme);
            assert_eq!(again.initial_key_id(), host.id);
            assert_eq!(again.counter(), through.counter());
            assert_eq!(again.remaining(), through.remaining());
            let (one, other) = (again.advance(), through.advance());
            let (one, other) = (one.expect("a key"), other.expect("a key"));
            assert_eq!(one.ksn(), other.ksn());
            assert_eq!(one.expose(), other.expose());
            kept = again.state();
            assert_eq!(kept.expose(), through.state().expose());
        }
    }
}

#[test]
fn the_layout_is_as_documented_and_of_one_length() {
    for (code, scheme) in (1..).zip(SCHEMES) {
        let host = Host::of(scheme);
        let mut registers = registers(&host);
        let registers_len = host.bdk.len() * if code == 4 { 21 } else { 32 };
        for counter in 0..3u32 {
            let state = registers.state();
            let head = [&[1, code], &host.id[..], &counter.to_be_bytes()].concat();
            assert!(state.expose().starts_with(&head));
            assert_eq!(state.len(), head.len() + registers_len + 8);
            registers.advance().expect("not used up");
        }
    }
}

#[test]
fn each_defect_has_its_sentence() {
    let said = |state: &[u8]| Registers::from_state(state).err();
    for scheme in SCHEMES {
        let state = registers(&Host::of(scheme)).state();
        let state = state.expose();
        let with = |place: usize, byte| {
            let mut changed = state.to_vec();
            changed[place] = byte;
            changed
        };
        assert_eq!(said(&[]), Some(BadState::Layout));
        assert_eq!(said(&with(0, 2)), Some(BadState::Layout));
        assert_eq!(said(&with(1, 0)), Some(BadState::Scheme));
        assert_eq!(said(&with(1, 5)), Some(BadState::Scheme));
        assert_eq!(said(&state[..state.len() - 1]), Some(BadState::Length));
        assert_eq!(said(&[state, &[0]].concat()), Some(BadState::Length));
        for damaged in [2, 12, 20, state.len() - 1] {
            let damaged = with(damaged, !state[damaged]);
            assert_eq!(said(&damaged), Some(BadState::Damaged));
        }
    }
}

/// Somebody who can compute the check as well turns the counter back: the registers do not fit it.
#[test]
fn a_counter_that_was_turned_back_does_not_fit_the_registers() {
    for scheme in SCHEMES {
        let mut registers = registers(&Host::of(scheme));
        registers.skip_to(0x0AAA).expect("ahead");
        let state = registers.state();
        let id_len = registers.initial_key_id().len();
        for counter in [0, 0x0AA0, 0x0AA8, 0x0FFF, 0x20_0000, 0x20_0AA9] {
            let mut turned = state.expose()[..state.len() - 8].to_vec();
            turned[2 + id_len..6 + id_len].copy_from_slice(&u32::to_be_bytes(counter));
            let check = ring::digest::digest(&ring::digest::SHA256, &turned);
            turned.extend_from_slice(&check.as_ref()[..8]);
            assert_eq!(
                Registers::from_state(&turned).err(),
                Some(BadState::Damaged)
            );
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1200), code in 0u8..6) {
        let mut bytes = bytes;
        let _ = Registers::from_state(&bytes);
        if let Some(head) = bytes.get_mut(..2) {
            head.copy_from_slice(&[1, code]);
        }
        prop_assert!(Registers::from_state(&bytes).is_err());
    }
}
