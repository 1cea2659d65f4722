//! No sequence of commands makes the card panic, confirm without an issuer,
//! or give more than two cryptograms for one use.

use proptest::prelude::*;
use sealpoint_cardsim::Card;

use crate::terminal::{issuer, shipped};

/// Whole commands that get somewhere, for mutation.
fn useful() -> impl Strategy<Value = Vec<u8>> {
    let commands: Vec<Vec<u8>> = vec![
        b"\x00\xA4\x04\x00\x0E1PAY.SYS.DDF01\x00".to_vec(),
        vec![
            0x00, 0xA4, 0x04, 0x00, 7, 0xA0, 0, 0, 0, 0x03, 0x10, 0x10, 0,
        ],
        vec![0x80, 0xA8, 0, 0, 6, 0x83, 4, 0xE0, 0x08, 0xC8, 0x22, 0],
        vec![0x00, 0xB2, 1, 0x14, 0],
        [&[0x80, 0xAE, 0x80, 0, 29][..], &[0x11; 29], &[0]].concat(),
        [&[0x80, 0xAE, 0x40, 0, 31][..], &[0x30; 31], &[0]].concat(),
        [&[0x00, 0x82, 0, 0, 8][..], &[0x22; 8]].concat(),
        vec![0x84, 0x1E, 0, 0, 4, 1, 2, 3, 4],
        vec![
            0x00, 0x20, 0, 0x80, 8, 0x24, 0x12, 0x34, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
        ],
        vec![0x80, 0xCA, 0x9F, 0x17, 0],
        vec![0x00, 0xC0, 0, 0, 0],
    ];
    prop::sample::select(commands)
}

fn any_command() -> impl Strategy<Value = Vec<u8>> {
    let mutated = (useful(), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(mut command, place, byte)| {
            let place = place.index(command.len());
            command[place] = byte;
            command
        },
    );
    let cut = (useful(), any::<prop::sample::Index>()).prop_map(|(mut command, place)| {
        command.truncate(place.index(command.len()));
        command
    });
    let noise = prop::collection::vec(any::<u8>(), 0..300);
    prop_oneof![8 => useful(), 4 => mutated, 1 => cut, 1 => noise]
}

proptest! {
    #[test]
    fn no_command_sequence_breaks_the_card(
        t0 in any::<bool>(),
        commands in prop::collection::vec(any_command(), 1..60),
    ) {
        let mut profile = shipped("visa-approved");
        profile.behaviour.t0 = t0;
        profile.behaviour.demands_issuer_authentication = true;
        let mut card = Card::new(&profile, &issuer()).expect("a key");
        card.power_on();
        let mut cryptograms = 0;
        for command in commands {
            let answer = card.apdu(&command);
            prop_assert!((2..=258).contains(&answer.len()));
            match answer[..] {
                // GET PROCESSING OPTIONS under format 1: a new use begins.
                [0x80, 14, 0x3D, ..] => cryptograms = 0,
                [0x80, 18, cid, ..] => {
                    cryptograms += 1;
                    prop_assert_ne!(cid, 0x40);
                    prop_assert!(cryptograms <= 2);
                }
                _ => {}
            }
        }
    }
}
