//! A PIN that is enciphered for the card (Book 2 §7, Book 3 §10.5.1), with a card that deciphers it.

use sealpoint_secret::SecretBytes;

use super::{EVERY_METHOD, NOTHING, PAD, Verified, verify};
use crate::{
    Command, Ending, Fault, PinEntry, PinKey, PinPad, PinRequest, Sw, TerminalData, Tvr,
    pin::{encipher, plaintext_block},
    tag,
    tests::{
        card::{Card, charge, hex, object, ok},
        oda::Deciphering,
    },
};

const CHALLENGE: [u8; 8] = [0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7, 0xC8];
const PIN: [u8; 4] = [1, 2, 3, 4];

/// A card with certificates, spread over records, that knows its PIN.
struct Bench {
    holder: Deciphering,
    terminal: TerminalData,
    card: Card,
    records: Vec<Vec<u8>>,
    challenge: Vec<u8>,
    tries: u8,
}

impl Bench {
    fn new(rules: &str) -> Self {
        let holder = Deciphering::new();
        let mut terminal = holder.terminal();
        terminal.capabilities[1] = EVERY_METHOD;
        let mut card = super::card(rules);
        let certificates = holder.elements();
        let certificates = certificates.into_iter().filter(|(tag, _)| {
            ![tag::AIP, tag::SIGNED_STATIC_DATA].contains(tag)
                && card.elements.iter().all(|(known, _)| known != tag)
        });
        let mut records: Vec<Vec<u8>> = certificates
            .map(|(tag, value)| object(tag::RECORD, &object(tag, &value)))
            .collect();
        records.push(card.record());
        let last = u8::try_from(records.len()).expect("a few records");
        let options = [hex("1000"), vec![0x08, 0x01, last, 0x00]].concat();
        card.options = ok(&object(tag::FORMAT_1, &options));
        Self {
            holder,
            terminal,
            card,
            records,
            challenge: ok(&CHALLENGE),
            tries: 3,
        }
    }

    fn answer(&mut self, command: &[u8]) -> Vec<u8> {
        match command {
            [_, 0xB2, record, ..] => ok(&self.records[usize::from(*record) - 1]),
            [_, 0x84, ..] => self.challenge.clone(),
            [0x00, 0x20, 0x00, 0x88, _, data @ ..] => {
                let clear = self.holder.decipher(data);
                let right = clear.starts_with(&hex("7F 241234FFFFFFFFFF C1C2C3C4C5C6C7C8"));
                self.tries = if right { 3 } else { self.tries - 1 };
                match right {
                    true => vec![0x90, 0x00],
                    false => vec![0x63, 0xC0 | self.tries],
                }
            }
            _ => self.card.answer(command),
        }
    }

    fn play(self, enter: impl FnMut(PinRequest) -> PinEntry) -> Verified {
        self.play_with(PAD, enter)
    }

    fn play_with(mut self, pad: PinPad, enter: impl FnMut(PinRequest) -> PinEntry) -> Verified {
        let terminal = self.terminal.clone();
        verify(
            &terminal,
            charge(),
            pad,
            |command| self.answer(command),
            enter,
        )
    }
}

/// What a pad makes of digits.
fn entered(digits: &[u8], key: &PinKey, challenge: [u8; 8]) -> PinEntry {
    let block = plaintext_block(&SecretBytes::from_slice(digits)).expect("a PIN");
    let padding = vec![0xA5; key.modulus.len() - 17];
    PinEntry::Enciphered(encipher(key, &block, challenge, &padding).expect("a key"))
}

fn pad(digits: &[u8]) -> impl FnMut(PinRequest) -> PinEntry {
    move |request| match request {
        PinRequest::Enciphered { key, challenge, .. } => entered(digits, &key, challenge),
        _ => panic!("another PIN was asked for"),
    }
}

#[test]
fn the_card_deciphers_what_the_pad_enciphered() {
    let verified = Bench::new("0403").play(pad(&PIN));
    assert_eq!(verified.said(), ([0x04, 0x03, 0x02], Tvr::empty()));
    assert_eq!(
        verified.commands[..2],
        [hex("80CA9F1700"), hex("0084000000")]
    );
    assert_eq!(verified.commands[2][..4], hex("00200088"));
    assert_eq!(
        usize::from(verified.commands[2][4]),
        verified.commands[2].len() - 5,
        "no Le: VERIFY answers nothing"
    );
    let signed = Bench::new("0503").play(pad(&PIN));
    assert_eq!(signed.results(), [0x05, 0x03, 0x00]);
    assert!(signed.outcome.evidence.signature);
}

#[test]
fn each_try_gets_a_fresh_challenge() {
    let mut wrong = true;
    let verified = Bench::new("0400").play(|request| {
        let digits = if wrong { [9, 9, 9, 9] } else { PIN };
        wrong = false;
        pad(&digits)(request)
    });
    assert_eq!(verified.said(), ([0x04, 0x00, 0x02], Tvr::empty()));
    assert_eq!(verified.asked, [None, Some(2)]);
    let challenges = verified.commands.iter().filter(|one| one[1] == 0x84);
    assert_eq!(challenges.count(), 2);
}

#[test]
fn the_last_wrong_pin_exceeds_the_limit() {
    let verified = Bench::new("0400").play(pad(&[9, 9, 9, 9]));
    assert_eq!(verified.asked, [None, Some(2), Some(1)]);
    let exceeded = Tvr::CVM_FAILED | Tvr::PIN_TRIES_EXCEEDED;
    assert_eq!(verified.said(), ([0x04, 0x00, 0x01], exceeded));
}

#[test]
fn a_challenge_that_is_not_eight_bytes_fails_the_method() {
    for challenge in [
        ok(&[]),
        ok(&CHALLENGE[..7]),
        ok(&[&CHALLENGE[..], &[0]].concat()),
        vec![0x6D, 0x00],
        [&CHALLENGE[..], &[0x62, 0x83]].concat(),
    ] {
        let mut bench = Bench::new("4400 1F00");
        bench.challenge = challenge.clone();
        let verified = bench.play(|_| panic!("there is nothing to encipher with"));
        assert_eq!(verified.said(), ([0x1F, 0x00, 0x02], Tvr::empty()));
        let mut bench = Bench::new("0400");
        bench.challenge = challenge;
        let verified = bench.play(|_| panic!("there is nothing to encipher with"));
        assert_eq!(verified.said(), ([0x04, 0x00, 0x01], Tvr::CVM_FAILED));
    }
}

#[test]
fn a_card_whose_keys_cannot_be_trusted_gets_no_pin() {
    let mut bench = Bench::new("0400");
    bench.terminal.keys.clear();
    let verified = bench.play(|_| panic!("there is no key"));
    assert_eq!(verified.said(), ([0x04, 0x00, 0x01], Tvr::CVM_FAILED));
    assert!(verified.commands.is_empty());
}

#[test]
fn data_of_another_length_than_the_key_never_reaches_the_card() {
    for length in [0, 1, 8, 255] {
        let verified = Bench::new("0400")
            .play(|_| PinEntry::Enciphered(SecretBytes::from_slice(&vec![1; length])));
        let bits = Tvr::CVM_FAILED | Tvr::PIN_PAD_MISSING;
        assert_eq!(verified.said(), ([0x04, 0x00, 0x01], bits));
        assert!(verified.commands.iter().all(|command| command[1] != 0x20));
    }
}

#[test]
fn a_terminal_that_does_not_encipher_passes_the_rule_over() {
    let mut bench = Bench::new("4400 1F00");
    bench.terminal.capabilities[1] = 0x88;
    let verified = bench.play(|_| panic!("not supported"));
    assert_eq!(verified.said(), ([0x1F, 0x00, 0x02], Tvr::empty()));
    let mut bench = Bench::new("0400");
    bench.terminal.capabilities[1] = 0x88;
    assert_eq!(bench.play(|_| panic!("not supported")).results(), NOTHING);
}

#[test]
fn a_status_word_that_the_books_do_not_name_ends_the_charge() {
    let mut bench = Bench::new("4400 1F00");
    bench.terminal.capabilities[1] = EVERY_METHOD;
    let terminal = bench.terminal.clone();
    let verified = verify(
        &terminal,
        charge(),
        PAD,
        |command| match command {
            [_, 0x20, ..] => vec![0x6A, 0x80],
            _ => bench.answer(command),
        },
        pad(&PIN),
    );
    let fault = Fault::Answer(Command::Verify, Sw(0x6A80));
    assert_eq!(verified.outcome.ending, Ending::Terminated(fault));
}

#[test]
fn a_pad_that_only_gives_a_pin_in_clear_is_none_for_this() {
    let pad = PinPad {
        enciphered: false,
        ..PAD
    };
    let verified = Bench::new("4400 1F00").play_with(pad, |_| panic!("it cannot encipher"));
    assert_eq!(verified.said(), ([0x1F, 0x00, 0x02], Tvr::PIN_PAD_MISSING));
}
