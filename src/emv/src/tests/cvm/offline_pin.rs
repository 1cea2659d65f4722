//! A PIN that the card verifies as it is (Book 3 §10.5.1, Book 4 §6.3.4.1 and §6.3.4.3).

use super::{
    CORRECT, EVERY_METHOD, NO_CVM, PAD, PLAINTEXT, SIGNATURE, Verified, card, terminal, verify,
    with_pins,
};
use crate::{
    Command, Ending, Fault, PinEntry, PinPad, Sw, TerminalType, Tvr, tag,
    tests::card::{Card, charge, hex},
    tlv,
};

fn entries(status_words: &[u16]) -> Vec<PinEntry> {
    status_words
        .iter()
        .map(|sw| PinEntry::Verified(Sw(*sw)))
        .collect()
}

/// A card whose PIN try counter stands there.
fn counting(rules: &str, tries: &str) -> Card {
    let mut card = card(rules);
    card.counters.push((tag::PIN_TRIES, hex(tries)));
    card
}

fn enter(rules: &str, status_words: &[u16]) -> Verified {
    with_pins(EVERY_METHOD, &card(rules), entries(status_words))
}

#[test]
fn a_correct_pin_is_successful() {
    let verified = enter("0103", &[0x9000]);
    assert_eq!(verified.said(), ([0x01, 0x03, 0x02], Tvr::empty()));
    assert!(verified.performed());
    assert!(!verified.outcome.evidence.signature);
    assert_eq!(verified.commands, [hex("80CA9F1700")]);
}

#[test]
fn a_correct_pin_with_a_signature_is_unknown_and_to_be_signed() {
    let verified = enter("0303", &[0x9000]);
    assert_eq!(verified.said(), ([0x03, 0x03, 0x00], Tvr::empty()));
    assert!(verified.outcome.evidence.signature);
    let wrong = enter("0303", &[0x63C0]);
    assert_eq!(wrong.results(), [0x03, 0x03, 0x01]);
    assert!(!wrong.outcome.evidence.signature);
}

#[test]
fn the_pad_is_told_how_many_tries_are_left() {
    let told =
        |tries: &str| with_pins(PLAINTEXT, &counting("0100", tries), entries(&[0x9000])).asked;
    assert_eq!(told("03"), [Some(3)]);
    assert_eq!(told("01"), [Some(1)]);
    assert_eq!(told("0003"), [None], "not a counter");
    assert_eq!(
        enter("0100", &[0x9000]).asked,
        [None],
        "the card doesn't say"
    );
}

#[test]
fn a_wrong_pin_is_asked_for_again_while_the_card_allows() {
    let verified = enter("0100", &[0x63C2, 0x63C1, 0x9000]);
    assert_eq!(verified.asked, [None, Some(2), Some(1)]);
    assert_eq!(verified.said(), ([0x01, 0x00, 0x02], Tvr::empty()));
    assert_eq!(verified.commands.len(), 1, "the counter is asked for once");
}

#[test]
fn a_card_without_a_try_left_is_not_asked_for_a_pin() {
    let verified = with_pins(EVERY_METHOD, &counting("0100", "00"), Vec::new());
    let exceeded = Tvr::CVM_FAILED | Tvr::PIN_TRIES_EXCEEDED;
    assert_eq!(verified.said(), ([0x01, 0x00, 0x01], exceeded));
    let then_none = with_pins(EVERY_METHOD, &counting("4100 1F00", "00"), Vec::new());
    let exceeded = Tvr::PIN_TRIES_EXCEEDED;
    assert_eq!(then_none.said(), ([0x1F, 0x00, 0x02], exceeded));
}

#[test]
fn the_last_try_or_a_blocked_pin_exceeds_the_limit() {
    for last in [0x63C0, 0x6983, 0x6984] {
        let verified = enter("0100", &[0x63C1, last]);
        let exceeded = Tvr::CVM_FAILED | Tvr::PIN_TRIES_EXCEEDED;
        assert_eq!(verified.said(), ([0x01, 0x00, 0x01], exceeded));
    }
}

#[test]
fn a_card_that_takes_no_pin_is_not_asked_for_another_way_to_give_it_one() {
    let verified = enter("4100 4303 0400", &[0x6983]);
    assert_eq!(verified.asked.len(), 1);
    assert_eq!(verified.results(), [0x04, 0x00, 0x01]);
}

#[test]
fn a_card_that_never_counts_down_is_stopped() {
    let verified = verify(
        &terminal(EVERY_METHOD),
        charge(),
        PAD,
        |command| card("4100 1F00").answer(command),
        |_| PinEntry::Verified(Sw(0x63CF)),
    );
    assert_eq!(verified.asked.len(), 15);
    let exceeded = Tvr::PIN_TRIES_EXCEEDED;
    assert_eq!(verified.said(), ([0x1F, 0x00, 0x02], exceeded));
}

#[test]
fn a_status_word_that_the_books_do_not_name_ends_the_charge() {
    for sw in [0x6300, 0x6700, 0x6985, 0x6A86, 0x9001, 0x6D00] {
        let fault = Fault::Answer(Command::Verify, Sw(sw));
        let verified = enter("4100 1F00", &[sw]);
        assert_eq!(verified.outcome.ending, Ending::Terminated(fault));
    }
}

fn bypassing(rules: &str, unattended: bool, allowed: bool) -> Verified {
    let mut terminal = terminal(EVERY_METHOD);
    terminal.pin_bypass = allowed;
    if unattended {
        terminal.kind = TerminalType::UnattendedOnlineOnly;
    }
    let card = card(rules);
    let mut wrong = Some(PinEntry::Verified(Sw(0x63C1)));
    verify(
        &terminal,
        charge(),
        PAD,
        |command| card.answer(command),
        |_| wrong.take().unwrap_or(PinEntry::Bypassed),
    )
}

#[test]
fn a_pin_that_was_not_entered_is_said() {
    let verified = bypassing("4100 1F00", false, true);
    let bits = Tvr::PIN_NOT_ENTERED;
    assert_eq!(verified.said(), ([0x1F, 0x00, 0x02], bits));
    let verified = bypassing("0100 1F00", false, true);
    let bits = Tvr::PIN_NOT_ENTERED | Tvr::CVM_FAILED;
    assert_eq!(verified.said(), ([0x01, 0x00, 0x01], bits));
}

#[test]
fn who_enters_no_pin_is_not_asked_for_another() {
    let verified = bypassing("4100 4300 4200 5E00", false, true);
    assert_eq!(verified.asked.len(), 2, "one wrong, one bypassed");
    let bits = Tvr::PIN_NOT_ENTERED;
    assert_eq!(verified.said(), ([0x5E, 0x00, 0x00], bits));
}

#[test]
fn where_bypass_is_not_allowed_no_pin_is_no_charge() {
    for (unattended, allowed) in [(false, false), (true, true)] {
        let verified = bypassing("4100 1F00", unattended, allowed);
        assert_eq!(verified.outcome.ending, Ending::Cancelled);
        assert!(verified.generate_ac.is_empty());
    }
}

#[test]
fn a_cardholder_who_presses_cancel_is_not_charged() {
    let verified = with_pins(EVERY_METHOD, &card("4100 1F00"), vec![PinEntry::Cancelled]);
    assert_eq!(verified.outcome.ending, Ending::Cancelled);
}

#[test]
fn a_pad_that_fails_is_missing() {
    let card = card("4100 1F00");
    let verified = with_pins(EVERY_METHOD, &card, vec![PinEntry::PadFailed]);
    let bits = Tvr::PIN_PAD_MISSING;
    assert_eq!(verified.said(), ([0x1F, 0x00, 0x02], bits));
}

#[test]
fn a_pad_for_another_way_is_none_for_this() {
    let only_online = PinPad {
        online: true,
        ..PinPad::NONE
    };
    let card = card("4100 5F00");
    let verified = verify(
        &terminal(EVERY_METHOD),
        charge(),
        only_online,
        |command| card.answer(command),
        |_| panic!("it cannot take that PIN"),
    );
    assert_eq!(verified.bits(), Tvr::PIN_PAD_MISSING);
    assert!(verified.commands.is_empty(), "the card is not asked either");
}

#[test]
fn an_answer_to_another_question_is_out_of_turn() {
    let online = || {
        PinEntry::Online(crate::OnlinePin {
            block: vec![0; 8],
            ksn: vec![0; 10],
        })
    };
    let verified = with_pins(EVERY_METHOD, &card("0100"), vec![online()]);
    let out_of_turn = Ending::Terminated(Fault::OutOfTurn);
    assert_eq!(verified.outcome.ending, out_of_turn);
}

#[test]
fn card_and_issuer_are_told_the_same_results() {
    // Who sits between card and terminal may say "correct": the issuer then sees what the terminal
    // believes beside the card's own word in the issuer application data.
    let card = card("0103").with(tag::CDOL1, "9F34039505");
    let verified = with_pins(
        NO_CVM | PLAINTEXT | SIGNATURE,
        &card,
        vec![PinEntry::Verified(CORRECT)],
    );
    let told_card = &verified.generate_ac[5..8];
    assert_eq!(told_card, [0x01, 0x03, 0x02]);
    let de55 = &verified.outcome.evidence.de55;
    assert_eq!(tlv::find(de55, tag::CVM_RESULTS), Ok(Some(told_card)));
    assert_eq!(tlv::find(de55, tag::IAD), Ok(Some(&card.iad[..])));
}
