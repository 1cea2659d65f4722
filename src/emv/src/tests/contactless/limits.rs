//! Pre-processing (contactless Book B §3.1.1).

use super::card::{Tap, TapCard, of, small, tap, tap_at, terminal, terminal_with};
use crate::{Charge, ChargeKind, Ending, PinPad, TerminalType};

const ONLINE_CRYPTOGRAM: u8 = 0x80;
const CVM_REQUIRED: u8 = 0x40;

/// TTQ byte 2 for a charge of that amount.
fn varying(amount_minor: i64) -> u8 {
    tap(of(amount_minor), &TapCard::online()).ttq()[1]
}

#[test]
fn above_the_floor_limit_the_card_must_give_an_arqc() {
    assert_eq!(varying(1_000), 0);
    assert_eq!(varying(1_001), ONLINE_CRYPTOGRAM);
}

#[test]
fn from_the_cvm_limit_on_the_cardholder_must_be_verified() {
    assert_eq!(varying(4_999) & CVM_REQUIRED, 0);
    assert_eq!(varying(5_000) & CVM_REQUIRED, CVM_REQUIRED);
}

#[test]
fn from_the_transaction_limit_on_the_card_must_be_inserted() {
    assert_ne!(
        tap(of(24_999), &TapCard::online()).ending(),
        Ending::UseContacts
    );
    let tapped = tap(of(25_000), &TapCard::online());
    assert_eq!(tapped.ending(), Ending::UseContacts);
    assert!(tapped.sent.is_empty(), "nothing is said to the card");
}

#[test]
fn without_limits_any_amount_goes() {
    let terminal = terminal_with(|terms| {
        terms.transaction_limit_minor = None;
        terms.cvm_limit_minor = None;
    });
    let tapped = tap_at(terminal, of(999_999_999_999), &TapCard::online());
    assert_eq!(tapped.ttq()[1], ONLINE_CRYPTOGRAM);
    assert_eq!(tapped.ending(), Ending::Approved);
}

#[test]
fn without_a_floor_limit_of_its_own_the_one_for_contacts_holds() {
    let mut terminal = terminal_with(|terms| terms.floor_limit_minor = None);
    terminal.applications[0].floor_limit_minor = 2_000;
    let at = |amount| tap_at(terminal.clone(), of(amount), &TapCard::online()).ttq()[1];
    assert_eq!((at(2_000), at(2_001)), (0, ONLINE_CRYPTOGRAM));
}

#[test]
fn a_terminal_a_merchant_or_a_refund_that_needs_the_host_asks_for_an_arqc() {
    let mut online_only = terminal();
    online_only.kind = TerminalType::AttendedOnlineOnly;
    let forced = Charge {
        forced_online: true,
        ..small()
    };
    let refund = Charge {
        kind: ChargeKind::Refund,
        ..small()
    };
    for (terminal, charge) in [
        (online_only, small()),
        (terminal(), forced),
        (terminal(), refund),
    ] {
        let tapped = tap_at(terminal, charge, &TapCard::online());
        assert_eq!(tapped.ttq()[1], ONLINE_CRYPTOGRAM);
    }
}

#[test]
fn above_what_the_charge_may_be_without_the_host_the_card_is_asked_for_an_arqc() {
    let amount = small().amount_minor;
    for (limit, wanted) in [
        (amount, 0),
        (amount - 1, ONLINE_CRYPTOGRAM),
        (0, ONLINE_CRYPTOGRAM),
        (-1, ONLINE_CRYPTOGRAM),
    ] {
        let charge = Charge {
            offline_up_to_minor: limit,
            ..small()
        };
        let tapped = tap_at(terminal(), charge, &TapCard::online());
        assert_eq!(tapped.ttq()[1], wanted, "{limit}");
    }
}

#[test]
fn an_application_without_contactless_terms_is_for_contacts() {
    let mut terminal = terminal();
    terminal.applications[0].contactless = None;
    let tapped = tap_at(terminal, small(), &TapCard::online());
    assert_eq!(tapped.ending(), Ending::UseContacts);
    assert!(tapped.sent.is_empty());
}

#[test]
fn qualifiers_without_emv_mode_are_for_contacts() {
    let terminal = terminal_with(|terms| terms.ttq = [0x96, 0x00, 0x40, 0x00]);
    let tapped = tap_at(terminal, small(), &TapCard::online());
    assert_eq!(tapped.ending(), Ending::UseContacts);
}

#[test]
fn the_card_is_told_no_more_than_the_reader_can_do() {
    let everything = terminal_with(|terms| terms.ttq = [0xFF; 4]);
    let tapped = tap_at(everything.clone(), small(), &TapCard::online());
    assert_eq!(tapped.ttq(), [0x37, 0x20, 0x40, 0x80]);

    let mut unsigned = everything;
    unsigned.capabilities[1] = 0x08;
    let card = TapCard::online();
    let answers = |command: &[u8]| card.answer(command);
    let tapped = Tap {
        terminal: unsigned,
        pad: PinPad::NONE,
        ..Tap::new(small(), &answers)
    }
    .run();
    assert_eq!(tapped.ttq(), [0x31, 0x20, 0x40, 0x80]);
}
