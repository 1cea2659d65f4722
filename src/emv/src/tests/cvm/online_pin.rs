//! A PIN that the issuer verifies (Book 3 §10.5.2, Book 4 §6.3.4.2).

use super::{EVERY_METHOD, PAD, Verified, card, terminal, verify, with_pins};
use crate::{
    Ending, OnlinePin, PinEntry, PinRequest, Sw, Tvr, tag,
    tests::card::{charge, hex},
};

fn pin(block: usize, ksn: usize) -> PinEntry {
    PinEntry::Online(OnlinePin {
        block: vec![0xB1; block],
        ksn: vec![0x5E; ksn],
    })
}

fn enter(rules: &str, pin: PinEntry) -> Verified {
    with_pins(EVERY_METHOD, &card(rules), vec![pin])
}

#[test]
fn its_result_is_unknown_until_the_issuer_says_more() {
    for (block, ksn) in [(8, 10), (16, 12)] {
        let verified = enter("0203", pin(block, ksn));
        let entered = Tvr::ONLINE_PIN_ENTERED;
        assert_eq!(verified.said(), ([0x02, 0x03, 0x00], entered));
        assert!(verified.performed());
        assert_eq!(verified.outcome.ending, Ending::Approved);
        assert!(verified.commands.is_empty(), "the card has no part in it");
    }
}

#[test]
fn the_pad_gets_the_account_that_the_block_is_bound_to() {
    let card = card("0200");
    let mut bound = None;
    verify(
        &terminal(EVERY_METHOD),
        charge(),
        PAD,
        |command| card.answer(command),
        |request| {
            if let PinRequest::Online { pan } = request {
                bound = Some(pan.expose().to_vec());
            }
            pin(8, 10)
        },
    );
    assert_eq!(bound.as_deref(), Some(b"4761739001010119".as_slice()));
}

#[test]
fn a_block_or_key_name_of_a_wrong_length_is_a_pad_that_fails() {
    for (block, ksn) in [(0, 10), (8, 0), (8, 12), (16, 10), (7, 10)] {
        let verified = enter("4200 1F00", pin(block, ksn));
        let bits = Tvr::PIN_PAD_MISSING;
        assert_eq!(verified.said(), ([0x1F, 0x00, 0x02], bits));
    }
}

#[test]
fn a_pad_that_fails_is_missing() {
    let verified = enter("0200", PinEntry::PadFailed);
    let bits = Tvr::CVM_FAILED | Tvr::PIN_PAD_MISSING;
    assert_eq!(verified.said(), ([0x02, 0x00, 0x01], bits));
}

#[test]
fn a_card_that_takes_no_pin_any_more_leaves_it_to_its_issuer() {
    let mut card = card("4100 0200");
    card.counters.push((tag::PIN_TRIES, hex("00")));
    let verified = with_pins(EVERY_METHOD, &card, vec![pin(8, 10)]);
    let bits = Tvr::PIN_TRIES_EXCEEDED | Tvr::ONLINE_PIN_ENTERED;
    assert_eq!(verified.said(), ([0x02, 0x00, 0x00], bits));
    let blocked = PinEntry::Verified(Sw(0x6983));
    let blocked_now = with_pins(
        EVERY_METHOD,
        &super::card("4100 0200"),
        vec![blocked, pin(8, 10)],
    );
    assert_eq!(blocked_now.said(), ([0x02, 0x00, 0x00], bits));
}
